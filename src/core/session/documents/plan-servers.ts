import { join } from 'node:path';
import { commandWords } from '../../kernel/command-words.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import type { PlanServer } from '../events/bodies/positions.ts';
import { parseMarkdown } from './markdown-lines.ts';
import { planContent } from './plan.ts';

export interface ServersReading {
  servers: PlanServer[];
  /** One sentence each: no server may start before the planner or a person has corrected them. */
  problems: string[];
}

/**
 * The servers that a plan may name without a command. Versions are pinned, so that exactly what a person accepts runs.
 */
const READY = {
  browser: {
    words: 'Playwright MCP 0.0.83, a headless Chromium',
    command: ['npx', '-y', '@playwright/mcp@0.0.83', '--headless', '--isolated'],
  },
  'library-docs': {
    words: 'Context7 4.1.1, documentation of libraries from context7.com',
    command: ['npx', '-y', '@upstash/context7-mcp@4.1.1'],
  },
  'code-intelligence': {
    words: 'Serena 2.1.0, symbols and references by language servers',
    command: [
      ...['uvx', '--from', 'serena-agent==2.1.0', 'serena', 'start-mcp-server'],
      ...['--project-from-cwd', '--enable-web-dashboard', 'false'],
    ],
  },
};

function isReady(name: string): name is keyof typeof READY {
  return Object.hasOwn(READY, name);
}

const MAX_SERVERS = 8;
const MAX_CHARS = 300;
const FORM = `"- name" with a name of ${Object.keys(READY).join(', ')}, or "- name: command arguments"`;

/**
 * Parses the section `## MCP servers` of a plan; never throws. Reads only what an approval covers, so that plans with
 * the same hash propose the same servers.
 */
export function planServers(text: string): ServersReading {
  const doc = parseMarkdown(planContent(text).lines.join('\n'));
  const headings = doc.headings.filter((heading) => /^MCP servers:?$/i.test(heading.text));
  const [heading, second] = headings;
  if (heading === undefined) return { servers: [], problems: [] };
  const reading: ServersReading = { servers: [], problems: [] };
  if (second !== undefined) reading.problems.push('There is more than one section "MCP servers".');
  const next = doc.headings.find(({ index }) => index > heading.index)?.index ?? doc.lines.length;
  for (let index = heading.index + 1; index < next; index += 1)
    readLine((doc.lines[index] ?? '').trim(), { reading, at: index - heading.index });
  if (reading.servers.length > MAX_SERVERS)
    reading.problems.push(`There are more than ${MAX_SERVERS} MCP servers.`);
  return reading;
}

export function proposedServers(text: string): PlanServer[] | undefined {
  const { servers } = planServers(text);
  return servers.length === 0 ? undefined : servers;
}

function readLine(line: string, { reading, at }: { reading: ServersReading; at: number }): void {
  if (line === '') return;
  const server = serverIn(line);
  const problem =
    typeof server === 'string'
      ? server
      : reading.servers.some(({ name }) => name === server.name) && 'repeats a name from above';
  if (problem) reading.problems.push(`Line ${at} of the section "MCP servers" ${problem}.`);
  else if (typeof server !== 'string') reading.servers.push(server);
}

function serverIn(line: string): PlanServer | string {
  // Lookalike letters and characters that change the text direction could show a person another command.
  if (!/^[\x20-\x7e]*$/.test(line)) return 'has characters that are not ASCII';
  const [, item] = /^[-*+] +(.*)$/.exec(line) ?? [];
  const [, name, rest] = /^`?([a-z][a-z0-9-]{0,30})`?(?:: *(.*))?$/.exec(item ?? '') ?? [];
  if (name === undefined) return `is not of the form ${FORM}`;
  if (rest === undefined)
    return isReady(name) ? { name } : `names "${name}", which is not a predefined server, without a command`;
  if (isReady(name)) return `gives "${name}" a command, and that is the name of a predefined server`;
  if (rest.length > MAX_CHARS) return `has more than ${MAX_CHARS} characters in its command`;
  const command = splitWords(/^`([^`]+)`$/.exec(rest)?.[1] ?? rest);
  return typeof command === 'string' ? command : { name, command };
}

/** Splits at spaces outside quotes. Refuses syntax that only a shell or a CLI would expand. */
function splitWords(text: string): string[] | string {
  if (/[`$\\|;<>]|&&/.test(text))
    return 'uses shell syntax: write a program and its arguments, without variables';
  if (/["']/.test(text.replaceAll(/"[^"]*"|'[^']*'/g, ''))) return 'has an unclosed quote';
  const [program = '', ...args] = commandWords(text);
  if (!/^[\w@./+-]+$/.test(program)) return 'does not begin its command with a program';
  return [program, ...args];
}

export interface ServerPlace {
  sessionDir: string;
  /** Absolute path of a Chromium on this machine; absent: Playwright searches for a Chrome. */
  chromium?: string;
  /** Whether Chromium's own sandbox must be off: it cannot start inside the guard, nor as root. */
  isConfined: boolean;
}

export function serverCommand(
  { name, command = [] }: PlanServer,
  { sessionDir, chromium, isConfined }: ServerPlace,
): readonly string[] {
  if (!isReady(name)) return command;
  if (name !== 'browser') return READY[name].command;
  return [
    ...READY.browser.command,
    ...(isConfined ? ['--no-sandbox'] : []),
    ...(chromium === undefined ? [] : ['--executable-path', chromium]),
    // Otherwise pages and screenshots end up in the worktree as uncommitted work.
    ...['--output-dir', join(sessionDir, 'browser')],
  ];
}

/**
 * Describes the servers of a plan for the person who decides about it, one line each; empty if it proposes none.
 * @param taken names that the project's MCP file uses
 */
export function describeServers(servers: readonly PlanServer[], taken: readonly string[] = []): string[] {
  if (servers.length === 0) return [];
  const lines = servers.map(({ name, command }) => {
    const starts = command
      ? `${command.map(shellWord).join(' ')} (a command of the plan: only a person may accept it)`
      : READY[name as keyof typeof READY].words; // without a command, the grammar accepts only predefined names
    const isTaken = taken.includes(name) ? ' (not started: MCP= has a server of this name)' : '';
    return `- ${name}: ${starts}${isTaken}`;
  });
  return ['This plan also starts MCP servers:', ...lines];
}

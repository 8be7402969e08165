import { join } from 'node:path';
import { shellWord } from '../../base/shell-quoted.ts';
import type { PlanServer } from '../events/bodies/positions.ts';
import { isReadyName, type ReadyName } from './plan-servers.ts';

/** Where a server is started. */
export interface ServerPlace {
  sessionDir: string;
  /** A Chromium of the machine, by its absolute path; absent: Playwright looks for a Chrome. */
  chromium?: string | undefined;
  /** Chromium's own sandbox cannot begin inside the guard, nor as root. */
  isConfined: boolean;
}

interface ReadyServer {
  words: string;
  command(place: ServerPlace): string[];
}

/** What the names stand for that a plan may use without a command. Versions are pinned: what a person accepts is what runs. */
const READY_SERVERS: Readonly<Record<ReadyName, ReadyServer>> = {
  browser: {
    words: 'Playwright MCP 0.0.83, a headless Chromium',
    command: ({ sessionDir, chromium, isConfined }) => [
      ...['npx', '-y', '@playwright/mcp@0.0.83', '--headless', '--isolated'],
      ...(isConfined ? ['--no-sandbox'] : []),
      ...(chromium === undefined ? [] : ['--executable-path', chromium]),
      // Else pages and screenshots lie in the worktree, as work that is not committed.
      ...['--output-dir', join(sessionDir, 'browser')],
    ],
  },
  'library-docs': {
    words: 'Context7 4.1.1, documentation of libraries from context7.com',
    command: () => ['npx', '-y', '@upstash/context7-mcp@4.1.1'],
  },
  'code-intelligence': {
    words: 'Serena 2.1.0, symbols and references by language servers',
    command: () => [
      ...['uvx', '--from', 'serena-agent==2.1.0', 'serena', 'start-mcp-server'],
      ...['--project-from-cwd', '--enable-web-dashboard', 'false'],
    ],
  },
};

export function commandOf({ name, command = [] }: PlanServer, place: ServerPlace): readonly string[] {
  return isReadyName(name) ? READY_SERVERS[name].command(place) : command;
}

/**
 * The servers of a plan for whoever decides about it, one line each; empty where it proposes none.
 * @param taken names that the MCP file of the project has
 */
export function serverWords(servers: readonly PlanServer[], taken: readonly string[] = []): string[] {
  if (servers.length === 0) return [];
  const lines = servers.map(({ name, command }) => {
    const starts = command
      ? `${command.map(shellWord).join(' ')} (a command of the plan: only a person may accept it)`
      : READY_SERVERS[name as ReadyName].words; // without a command the grammar takes ready names alone
    const isTaken = taken.includes(name) ? ' (not started: MCP= has a server of this name)' : '';
    return `- ${name}: ${starts}${isTaken}`;
  });
  return ['This plan also starts MCP servers:', ...lines];
}

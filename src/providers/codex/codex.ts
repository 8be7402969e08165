import { dirname, join } from 'node:path';
import * as z from 'zod';
import { writeWhole } from '../../base/files/atomic-file.ts';
import { runCommand } from '../../base/processes/run-command.ts';
import type { ChildCommand, ChildRequest, Provider } from '../contract/provider.ts';
import { SIGNAL_SCHEMA } from '../contract/signal-schema.ts';
import { classifyCodexEnd } from './codex-end.ts';
import { gitDirsOf } from './codex-git-dirs.ts';
import { newCodexMeter } from './codex-meter.ts';
import { readCodexTraces } from './codex-rollout.ts';
import { type CodexServers, codexServers } from './codex-servers.ts';
import { newCodexReader } from './codex-stream.ts';
import { codexTranscript } from './codex-transcript.ts';

/** Codex: `codex exec --json -`, its prompt on stdin, one JSON object per line on stdout. */
export const codex = {
  name: 'codex',
  defaultCommand: 'codex',
  prepare,
  buildCommand,
  newReader: newCodexReader,
  transcript: codexTranscript,
  classifyEnd: classifyCodexEnd,
  newMeter: newCodexMeter,
  readTraces: readCodexTraces,
} satisfies Provider;

const STANDING_RULES = [
  'You run unattended: no one reads along, answers or approves. Never ask in a message; follow the prompt.',
  'Write _signal.json in the session folder as your last act. Then end with one JSON object that says the same:',
  'the keys of that signal, and null for every key that it does not have.',
].join(' ');

function buildCommand(request: ChildRequest): ChildCommand {
  const servers = codexServers(request);
  return {
    file: request.cliPath,
    args: [
      'exec',
      '--json',
      ...['-C', request.workingDir],
      ...(request.model === '' ? [] : ['--model', request.model]),
      ...permissionArgs(request),
      ...serverArgs(request, servers),
      ...['-c', `developer_instructions=${toml(STANDING_RULES)}`],
      ...['--output-schema', schemaPath(request)],
      // The prompt is stdin: a file, so its end comes at once. With an open pipe codex waits for ever.
      '-',
    ],
    env: { ...request.env, ...servers.env },
    stdinPath: request.promptPath,
  };
}

function permissionArgs({ permissions, sessionDir, gitDirs = [] }: ChildRequest): string[] {
  switch (permissions) {
    case 'skip':
      return ['--dangerously-bypass-approvals-and-sandbox'];
    case 'allow':
      // In exec nobody can be asked, so what the sandbox refuses stays refused.
      return [
        '-s',
        'workspace-write',
        ...[sessionDir, ...gitDirs].flatMap((folder) => ['--add-dir', folder]),
      ];
    default:
      return permissions satisfies never;
  }
}

/** Plugins and apps bring servers of their own. */
const NO_EXTRAS = ['-c', 'features.plugins=false', '-c', 'features.apps=false'];

function serverArgs({ foreignServers }: ChildRequest, { table }: CodexServers): string[] {
  return [
    ...(foreignServers === undefined ? ['--ignore-user-config'] : []),
    ...NO_EXTRAS,
    ...(Object.keys(table).length > 0 ? ['-c', `mcp_servers=${toml(table)}`] : []),
  ];
}

async function prepare(request: ChildRequest): Promise<ChildRequest> {
  await writeWhole(schemaPath(request), `${JSON.stringify(SIGNAL_SCHEMA)}\n`);
  const { workingDir, mainRepo, permissions, inGuard = false } = request;
  const foreignServers = await serversOfPerson(request);
  return {
    ...request,
    ...(foreignServers && { foreignServers }),
    ...(permissions === 'allow' && { gitDirs: await gitDirsOf(workingDir, mainRepo, inGuard) }),
  };
}

function schemaPath({ promptPath }: ChildRequest): string {
  return join(dirname(promptPath), 'signal-schema.json');
}

const ServerList = z.array(z.object({ name: z.string() }));
const LIST_LIMIT_MS = 20_000;

/**
 * Undefined when Codex does not say: then its settings must be left out whole. Asked as the child will run:
 * a plugin's server that is gone with its plugin can't be switched off any more.
 */
async function serversOfPerson({ cliPath, workingDir, env }: ChildRequest): Promise<string[] | undefined> {
  const { stdout } = await runCommand(cliPath, ['mcp', 'list', '--json', ...NO_EXTRAS], {
    cwd: workingDir,
    env: { ...env },
    timeoutMs: LIST_LIMIT_MS,
  });
  try {
    return ServerList.parse(JSON.parse(stdout)).map(({ name }) => name);
  } catch {
    return undefined;
  }
}

/** A value as TOML on one line; its strings are JSON's. */
function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${pairs.map(([key, each]) => `${JSON.stringify(key)}=${toml(each)}`).join(',')}}`;
}

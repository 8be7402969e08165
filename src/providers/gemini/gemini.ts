import { dirname, join } from 'node:path';
import { writeWhole } from '../../base/files/atomic-file.ts';
import type { ChildCommand, ChildRequest, Provider } from '../contract/provider.ts';
import { classifyGeminiEnd } from './gemini-end.ts';
import { readGeminiTraces } from './gemini-traces.ts';
import { geminiPolicy } from './gemini-policy.ts';
import { geminiTranscript, newGeminiReader } from './gemini-stream.ts';

/** Gemini CLI: headless by its prompt on stdin, one JSON object per line on stdout. */
export const gemini = {
  name: 'gemini',
  defaultCommand: 'gemini',
  prepare,
  buildCommand,
  newReader: newGeminiReader,
  transcript: geminiTranscript,
  readTraces: readGeminiTraces,
  classifyEnd: classifyGeminiEnd,
} satisfies Provider;

// Names no server: the list of allowed ones can't be empty.
const NO_SERVER = 'none-for-children-of-samocode';

function buildCommand(request: ChildRequest): ChildCommand {
  const { model, childUuid, sessionDir, mcp, env } = request;
  const servers = mcp?.serverNames ?? [];
  return {
    file: request.cliPath,
    args: [
      ...['--output-format', 'stream-json'],
      ...['--session-id', childUuid],
      ...(model === '' ? [] : ['--model', model]),
      ...permissionArgs(request),
      // Its write tools refuse every other folder, whatever the approval mode.
      ...['--include-directories', sessionDir],
      ...(servers.length > 0 ? servers : [NO_SERVER]).flatMap((name) => ['--allowed-mcp-server-names', name]),
    ],
    env: {
      ...env,
      // One process instead of two: a parent that relaunches itself ignores SIGTERM.
      GEMINI_CLI_NO_RELAUNCH: 'true',
      // The worktree is new to it, and nobody is there to say yes.
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      ...(servers.length > 0 && { GEMINI_CLI_SYSTEM_DEFAULTS_PATH: defaultsPath(request) }),
    },
    stdinPath: request.promptPath,
  };
}

function permissionArgs(request: ChildRequest): string[] {
  switch (request.permissions) {
    case 'skip':
      return ['--approval-mode', 'yolo'];
    case 'allow':
      return ['--policy', policyPath(request)];
    default:
      return request.permissions satisfies never;
  }
}

async function prepare(request: ChildRequest): Promise<ChildRequest> {
  const { permissions, mcp } = request;
  if (permissions === 'allow') await writeWhole(policyPath(request), geminiPolicy(request));
  if (mcp) {
    const defaults = { mcpServers: mcp.servers };
    await writeWhole(defaultsPath(request), `${JSON.stringify(defaults)}\n`);
  }
  return request;
}

function policyPath({ promptPath }: ChildRequest): string {
  return join(dirname(promptPath), 'gemini-policy.toml');
}

function defaultsPath({ promptPath }: ChildRequest): string {
  return join(dirname(promptPath), 'gemini-settings.json');
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { builtPrograms } from '../../../support/built-programs.ts';
import { installCli } from '../../../support/install-clis.ts';
import { codexServer } from '../../../support/model-stub/codex-server.ts';
import type { ModelReply } from '../../../support/model-stub/conversation.ts';
import { startService } from '../../../support/model-stub/services.ts';

/** One turn: what the person types, and what the scripted model replies, first and after the result of its tool. */
export interface ScriptedTurn {
  person: string;
  replies: readonly ModelReply[];
}

interface Talk {
  cli: 'claude' | 'codex';
  cwd: string;
  homeDir: string;
  env?: Readonly<Record<string, string>>;
  /** Of samocode's server, besides what the CLI gives it. */
  serverEnv?: Readonly<Record<string, string>>;
  onRequest?(request: string): void;
  turns: readonly ScriptedTurn[];
}

const MARK = /\[turn (\d+)\]/g;

/** Talks with the real CLI turn by turn in one chat, which has the real server of samocode. @returns its last words */
export async function talk({ cli, turns, onRequest, env, serverEnv, ...place }: Talk): Promise<string> {
  const [{ path }, { server }] = await Promise.all([installCli(cli), builtPrograms()]);
  await using model = await startService(cli, ({ request }) => {
    onRequest?.(request);
    return answerTo(request, turns);
  });
  await model.furnish(place.homeDir);
  const { args, say } = await WAYS[cli]({
    ...place,
    server,
    serverEnv: { SAMOCODE_SUPERVISOR: 'off', KEEP_AWAKE: 'no', ...serverEnv },
  });
  const program = spawn(path, args, {
    cwd: place.cwd,
    env: {
      ...{ PATH: process.env.PATH, LANG: 'C.UTF-8', TERM: 'xterm', IS_SANDBOX: '1' },
      ...model.environmentFor(place.homeDir),
      ...env,
    },
  });
  program.stderr.resume();
  const isGone = new Promise((resolve) => program.once('exit', resolve));
  try {
    const texts = turns.map(({ person }, index) => `[turn ${index + 1}] ${person}`);
    return await say(program, texts);
  } finally {
    program.stdin.end();
    if (cli === 'codex') program.kill();
    await isGone;
  }
}

/** The results since the last text of the person say which reply of its turn comes next. */
function answerTo(request: string, turns: readonly ScriptedTurn[]): ModelReply {
  const last = [...request.matchAll(MARK)].at(-1);
  const since = request.slice(last?.index ?? 0);
  const results = since.match(/"type":"(?:tool_result|\w+_call_output)"/g)?.length ?? 0;
  return turns[Number(last?.[1] ?? 0) - 1]?.replies[results] ?? { say: 'Noted.' };
}

interface Way {
  args: string[];
  say(program: ChildProcessWithoutNullStreams, texts: readonly string[]): Promise<string>;
}

interface Place {
  cwd: string;
  homeDir: string;
  server: string;
  serverEnv: Readonly<Record<string, string>>;
}

const WAYS: Record<Talk['cli'], (at: Place) => Promise<Way>> = {
  async claude({ server, serverEnv }) {
    const samocode = { type: 'stdio', command: process.execPath, args: [server], env: serverEnv };
    const config = JSON.stringify({ mcpServers: { samocode } });
    const formats = ['--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'];
    const rights = ['--strict-mcp-config', '--dangerously-skip-permissions'];
    return { args: ['-p', ...formats, '--mcp-config', config, ...rights], say: sayToClaude };
  },
  async codex({ server, serverEnv, homeDir, cwd }) {
    const path = join(homeDir, '.codex/config.toml');
    const table = codexServer(server, serverEnv);
    await writeFile(path, `${await readFile(path, 'utf8')}\n${table.join('\n')}\n`);
    return { args: ['app-server'], say: (program, texts) => sayToCodex(program, { texts, cwd }) };
  },
};

const LEAVES_FILES = { subtype: 'success', response: { action: 'accept', content: { files: 'leave' } } };

async function sayToClaude(
  program: ChildProcessWithoutNullStreams,
  texts: readonly string[],
): Promise<string> {
  const write = (message: object) => program.stdin.write(`${JSON.stringify(message)}\n`);
  const send = (content = '') => write({ type: 'user', message: { role: 'user', content } });
  let said = 0;
  send(texts[said]);
  for await (const line of createInterface(program.stdout)) {
    const message = JSON.parse(line);
    // A form of the server is handed on to whoever runs the CLI, and waits for the answer.
    if (message.request?.subtype === 'elicitation')
      write({ type: 'control_response', response: { ...LEAVES_FILES, request_id: message.request_id } });
    if (message.type !== 'result') continue;
    said += 1;
    if (said === texts.length) return message.result;
    send(texts[said]);
  }
  throw new Error(`Claude Code ended at turn ${said}.`);
}

/** By the protocol with which editors use Codex. */
async function sayToCodex(
  program: ChildProcessWithoutNullStreams,
  { texts, cwd }: { texts: readonly string[]; cwd: string },
): Promise<string> {
  let id = 0;
  const send = (method: string, params: object) => {
    id += 1;
    program.stdin.write(`${JSON.stringify({ id, method, params })}\n`);
  };
  let threadId = '';
  let said = 0;
  let words = '';
  const next = () => send('turn/start', { threadId, input: [{ type: 'text', text: texts[said] }] });
  send('initialize', { clientInfo: { name: 'tests', title: 'Tests', version: '1' } });
  for await (const line of createInterface(program.stdout)) {
    const { id: answered, result, error, method, params } = JSON.parse(line);
    if (error) throw new Error(line);
    if (answered === 1) send('thread/start', { cwd, approvalPolicy: 'never', sandbox: 'danger-full-access' });
    else if (answered === 2) {
      threadId = result.thread.id;
      next();
    } else if (method === 'item/completed' && params.item.type === 'agentMessage') words = params.item.text;
    else if (method === 'turn/completed') {
      said += 1;
      if (said === texts.length) return words;
      next();
    }
  }
  throw new Error(`Codex ended at turn ${said}.`);
}

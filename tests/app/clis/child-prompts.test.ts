import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readSource } from '../../../scripts/packages/source.ts';
import { claude } from '../../../src/core/agents/claude/claude.ts';
import { CLAUDE_TOOLS } from '../../../src/core/agents/claude/claude-tools.ts';
import { PHASE_NAMES, type Phase } from '../../../src/core/kernel/phases/table.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { childEnvironment } from '../../../src/core/sandbox/programs/environment.ts';
import { assemblePrompt } from '../../../src/core/worker/prompt/assemble.ts';
import { ci } from '../../support/ci.ts';
import { type InstalledCli, installCli } from '../../support/install-clis.ts';
import { startClaudeModel } from '../../support/model-stub/claude-wire.ts';
import { startServer } from '../../support/model-stub/server.ts';
import { promptState } from '../../support/prompt-states.ts';
import { tempDir } from '../../support/temp-dir.ts';

const SOURCE = await readSource(join(import.meta.dirname, '../../..'));

let cli: InstalledCli;
beforeAll(async () => {
  cli = await installCli('claude');
});

test.concurrent.each(PHASE_NAMES)(
  'an agent of %s receives its complete prompt, with the tools that it names',
  ci,
  async (phase) => {
    const { prompt, request } = await firstRequest(phase);
    const words = request.messages.flatMap(({ content }) =>
      typeof content === 'string' ? [content] : content.map(({ text = '' }) => text),
    );
    expect(words.map((text) => text.trim())).toContain(prompt.trim());
    const system = request.system.map(({ text }) => text).join('\n');
    // The CLI's own guidance on its tools is kept: the phase text is added, and does not replace it.
    expect(system).toContain('Claude');
    expect(system.length).toBeGreaterThan(3000);
    const tools = request.tools.map(({ name }) => name);
    const named =
      SOURCE.agents
        .find(({ name }) => name === phase)
        ?.meta.get('tools')
        ?.split(', ') ?? [];
    expect(tools).toEqual(expect.arrayContaining(named));
    expect(tools).toEqual(expect.arrayContaining(['Bash', 'Edit', 'Read', 'Write']));
    const isClosed = (tool: string) => Object.hasOwn(CLAUDE_TOOLS.closed, tool) || tool.startsWith('mcp__');
    expect(tools.filter(isClosed)).toEqual([]);
    // As its prompt says: a command may run longer than two minutes, and half an hour at most.
    expect(JSON.stringify(request.tools.find(({ name }) => name === 'Bash'))).toContain('1800000');
  },
);

interface Request {
  system: { text: string }[];
  messages: { content: string | { text?: string }[] }[];
  tools: { name: string; description?: string; input_schema?: unknown }[];
}

/** Starts the real CLI as the worker does, and reads what it sends to the model first. */
async function firstRequest(phase: Phase): Promise<{ prompt: string; request: Request }> {
  await using dir = await tempDir();
  await using model = await startClaudeModel(() => ({ say: 'Noted.' }));
  const requests: Request[] = [];
  await using recorder = await startServer(({ method, path, body }, response) => {
    if (path.startsWith('/v1/messages') && body.includes('"tools":[{')) requests.push(JSON.parse(body));
    const passed = fetch(model.url + path, { method, ...(body !== '' && { body }) });
    void passed.then(async (answer) => {
      const type = answer.headers.get('content-type') ?? 'application/json';
      response.writeHead(answer.status, { 'content-type': type }).end(await answer.text());
    });
  });
  const [sessionDir, workingDir, homeDir] = ['session', 'tree', 'home'].map((name) => join(dir.path, name));
  for (const folder of [sessionDir, workingDir, homeDir]) await mkdir(folder ?? '');
  const state = promptState(phase, { sessionDir: sessionDir ?? '', workingDir: workingDir ?? '' });
  const prompt = assemblePrompt(state);
  const promptPath = join(dir.path, 'prompt.md');
  await writeFile(promptPath, prompt);
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: homeDir ?? '',
    ANTHROPIC_BASE_URL: recorder.url,
    ANTHROPIC_API_KEY: 'key-of-the-scripted-model',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    IS_SANDBOX: '1',
  };
  const command = claude.buildCommand({
    cliPath: cli.path,
    promptPath,
    phase,
    sessionDir: state.sessionDir,
    workingDir: state.workingDir,
    mainRepo: state.workingDir,
    model: 'opus',
    own: { CLAUDE_MAX_TURNS: 1 },
    permissions: 'skip',
    programFolder: '/opt/samocode',
    atEnd: ['true'],
    nodePath: process.execPath,
    childUuid: crypto.randomUUID(),
    env: childEnvironment(environment, { sessionUlid: '01JH0000000000000000000000', iteration: 1 }),
  });
  await runCommand(command.file, command.args, {
    cwd: state.workingDir,
    env: { ...command.env },
    input: prompt,
    timeoutMs: 60_000,
  });
  const request = requests[0];
  if (request === undefined) throw new Error('The model was never asked.');
  return { prompt, request };
}

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { claude } from '../../../src/core/agents/claude/claude.ts';
import type { AgentEvent, ChildProblem, FinalReport } from '../../../src/core/agents/contract/events.ts';
import type { Phase } from '../../../src/core/kernel/phases/table.ts';
import { childEnvironment } from '../../../src/core/sandbox/programs/environment.ts';
import { asStarted, atEndOf } from '../../support/as-started.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { type InstalledCli, installCli } from '../../support/install-clis.ts';
import { type ScriptedModelOptions, startScriptedModel } from '../../support/model-stub/scripted-model.ts';
import { makeSampleRepo } from '../../support/sample-repo/make.ts';
import { COMPOUND_AMOUNTS } from '../../support/sample-repo/missing-feature.ts';
import { tempDir } from '../../support/temp-dir.ts';

let cli: InstalledCli;
beforeAll(async () => {
  cli = await installCli('claude');
});

test.concurrent(
  'with the mode "allow" the agent commits, and signals outside its working directory',
  ci,
  async () => {
    await using bench = await startBench({ permissions: 'allow', sandbox: false });
    const { final, signal, init } = await bench.iterate('investigation');
    expect(final).toMatchObject({ ok: true });
    expect(final).not.toHaveProperty('deniedTools');
    expect(init).toMatchObject({ permissionMode: 'dontAsk', mcp_servers: [] });
    expect(signal).toEqual({ status: 'continue', phase: 'requirements' });
  },
);

test.runIf(process.getuid?.() === 0)(
  'root without a sandbox is refused as a problem of the settings',
  async () => {
    await using bench = await startBench({ sandbox: false });
    const { problem, final, signal } = await bench.iterate('investigation');
    expect(problem).toMatchObject({ kind: 'config', advice: expect.stringContaining('PERMISSIONS=allow') });
    expect(final).toBeUndefined();
    expect(signal).toEqual({});
  },
);

// Its other endings are played in whole sessions: endings.test.ts.
test.concurrent('an agent that ends without a signal is sent back twice by the hook, and may end without one the third time', async () => {
  const asked: string[] = [];
  await using stubborn = await startBench({
    instead: ({ conversation }) => {
      asked.push(conversation.newest);
      return { say: 'Done.' };
    },
  });
  const unsignalled = await stubborn.iterate('investigation');
  expect(asked).toHaveLength(3);
  for (const again of asked.slice(1)) expect(again).toContain('_signal.json is not written yet');
  expect(unsignalled).toMatchObject({ signal: {}, problem: undefined, final: { ok: true } });
});

test.concurrent('the turn limit ends only the iteration', async () => {
  await using bench = await startBench({ maxTurns: 2 });
  const { final, problem } = await bench.iterate('investigation');
  expect(final).toMatchObject({ ok: false });
  expect(problem).toBeUndefined();
});

interface BenchOptions {
  permissions?: 'skip' | 'allow';
  /** States that this machine may be lost: without it claude does not skip permissions for root. */
  sandbox?: boolean;
  maxTurns?: number;
  env?: Record<string, string>;
  instead?: ScriptedModelOptions['instead'];
}

interface Iteration {
  /** The CLI's first line. */
  init: unknown;
  final: FinalReport | undefined;
  problem: ChildProblem | undefined;
  signal: unknown;
}

/** A sample repository, a session folder and a scripted model, and one claude process per iteration. */
async function startBench({
  permissions = 'skip',
  sandbox = true,
  maxTurns = 50,
  env,
  instead,
}: BenchOptions = {}) {
  const dir = await tempDir();
  const repo = join(dir.path, 'repo');
  const homeDir = join(dir.path, 'home');
  const sessionDir = join(dir.path, 'sessions', '26-01-08-compound amounts');
  await mkdir(homeDir);
  await mkdir(sessionDir, { recursive: true });
  const model = await startScriptedModel({ work: COMPOUND_AMOUNTS, ...(instead && { instead }) });
  const environment = { PATH: process.env.PATH ?? '', ...model.environmentFor(homeDir) };
  await makeSampleRepo(repo, environment);
  await writeFile(join(sessionDir, '_overview.md'), OVERVIEW);
  let count = 0;

  async function iterate(phase: Phase): Promise<Iteration> {
    count++;
    const prompt = promptFor({ phase, iteration: count, sessionDir, repo });
    const promptPath = join(dir.path, 'prompt.md');
    await writeFile(promptPath, prompt);
    await writeFile(join(sessionDir, '_signal.json'), '{}');
    const programFolder = dirname((await builtPrograms()).worker);
    const command = claude.buildCommand({
      cliPath: cli.path,
      promptPath,
      phase,
      sessionDir,
      workingDir: repo,
      mainRepo: repo,
      model: 'opus',
      own: { CLAUDE_MAX_TURNS: maxTurns },
      permissions,
      programFolder,
      atEnd: atEndOf(programFolder, asStarted(sessionDir, phase)),
      nodePath: process.execPath,
      childUuid: crypto.randomUUID(),
      env: {
        ...childEnvironment(environment, { sessionUlid: '01JH0000000000000000000000', iteration: count }),
        ...(sandbox && { IS_SANDBOX: '1' }),
        ...env,
      },
    });
    const { stdout, stderr, exitCode } = await execa(command.file, command.args, {
      cwd: repo,
      env: command.env,
      extendEnv: false,
      ...(command.stdinPath && { inputFile: command.stdinPath }),
      reject: false,
      timeout: 600_000,
    });
    const lines = stdout.split('\n');
    const final = lastReport(lines);
    return {
      init: lines[0] ? JSON.parse(lines[0]) : undefined,
      final,
      problem: claude.classifyEnd(final, {
        exitCode: exitCode ?? null,
        stderrTail: stderr,
      }),
      signal: JSON.parse(await readFile(join(sessionDir, '_signal.json'), 'utf8')),
    };
  }
  return {
    iterate,
    async [Symbol.asyncDispose]() {
      await model.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function lastReport(lines: readonly string[]): FinalReport | undefined {
  const reader = claude.newReader();
  const isFinal = (event: AgentEvent) => event.kind === 'final';
  return lines.flatMap((line) => reader.readLine(line)).findLast(isFinal)?.report;
}

const OVERVIEW = `# Session: compound-amounts
Started: 2026-01-08 10:00

## Task
Read compound amounts.
## Status
Phase: investigation
Last Action: none
Next: begin
## Flow Log
- [000 @ 01-08 10:00] Session created
## Files
(none yet)
## Plans
(none yet)
`;

function promptFor(facts: { phase: Phase; iteration: number; sessionDir: string; repo: string }): string {
  const nnn = String(facts.iteration).padStart(3, '0');
  return [
    'Do one piece of work.',
    `**Session path:** ${facts.sessionDir}`,
    `**Working directory:** ${facts.repo}`,
    `**Phase:** ${facts.phase}`,
    `**Iteration:** ${nnn}`,
    `**Time limit:** 30 minutes from 01-08 10:${nnn.slice(1)} on`,
  ].join('\n');
}

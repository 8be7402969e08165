import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ChildRequest } from '../../../src/core/agents/contract/provider.ts';
import { providerNamed } from '../../../src/core/agents/registry.ts';
import type { Phase } from '../../../src/core/kernel/phases/table.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { childEnvironment } from '../../../src/core/sandbox/programs/environment.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { installCli } from '../../support/install-clis.ts';
import type { ToolUse } from '../../support/model-stub/conversation.ts';
import type { ToolResult } from '../../support/model-stub/moves.ts';
import { type ModelOf, startService } from '../../support/model-stub/services.ts';
import { makeRepo } from '../../support/temp-repo.ts';

export interface GrantedPlaces {
  worktree: string;
  sessionDir: string;
  mainRepo: string;
}

export interface GrantedChild extends AsyncDisposable, GrantedPlaces {
  /** The result of each call, in order. */
  results: readonly ToolResult[];
  calls: readonly ToolUse[];
  /** The changed files of the worktree, as listed by git. */
  changed: string;
  /** Those of the newest commit. */
  subject: string;
}

const MODELS: Partial<Record<ModelOf, string>> = { gemini: 'gemini-2.5-pro', opencode: 'stub/scripted' };

/** If bubblewrap is installed, Codex starts it with helpers that it does not create below the temporary folder. */
const NOT_TEMPORARY = '/var/tmp/samocode-test-';

/** Starts the real CLI as the worker does, in a worktree and with PERMISSIONS=allow, behind a model that makes these calls. */
export async function runGranted(
  of: ModelOf,
  phase: Phase,
  callsIn: (places: GrantedPlaces) => readonly ToolUse[],
): Promise<GrantedChild> {
  const cli = await installCli(of);
  const repo = await makeRepo({
    files: { 'README.md': '# A project\n', 'src/a.ts': 'export const a = 1;\n' },
  });
  // The usual layout: both inside the main checkout.
  const places = {
    worktree: join(repo.path, '.work (old)/trees/work'),
    sessionDir: join(repo.path, '.work (old)/sessions/26-01-08-work'),
    mainRepo: repo.path,
  };
  const codexHome = await mkdtemp(NOT_TEMPORARY);
  await mkdir(places.sessionDir, { recursive: true });
  await symlink(codexHome, join(repo.homeDir, '.codex'));
  await repo.git(['worktree', 'add', '--quiet', '-b', 'samocode/work', places.worktree]);
  await writeFile(join(places.sessionDir, '_signal.json'), '{}\n');
  const calls = callsIn(places);
  let results: readonly ToolResult[] = [];
  const model = await startService(of, (conversation) => {
    if (conversation.prompt === '') return { say: 'Noted.' };
    results = conversation.results;
    const call = calls[results.length];
    return call ? { say: 'As scripted.', use: [call] } : { say: 'All done.' };
  });
  await model.furnish(repo.homeDir);
  const env = {
    PATH: process.env.PATH ?? '',
    IS_SANDBOX: '1',
    CODEX_HOME: codexHome,
    ...model.environmentFor(repo.homeDir),
  };
  const prompt = `**Session path:** ${places.sessionDir}\n\nDo as you are told.\n`;
  const promptPath = join(repo.root, 'run/prompt.md');
  await mkdir(dirname(promptPath));
  await writeFile(promptPath, prompt);
  const request: ChildRequest = {
    cliPath: cli.path,
    promptPath,
    phase,
    sessionDir: places.sessionDir,
    workingDir: places.worktree,
    mainRepo: places.mainRepo,
    model: MODELS[of] ?? '',
    own: { CLAUDE_MAX_TURNS: 40 },
    permissions: 'allow',
    programFolder: dirname((await builtPrograms()).worker),
    nodePath: process.execPath,
    childUuid: crypto.randomUUID(),
    env: childEnvironment(env, {
      sessionUlid: '01JH0000000000000000000000',
      iteration: 1,
      cliPath: cli.path,
    }),
  };
  const provider = providerNamed(of);
  const command = provider.buildCommand((await provider.prepare?.(request)) ?? request);
  await runCommand(command.file, command.args, {
    cwd: places.worktree,
    env: { ...command.env },
    input: prompt,
    timeoutMs: 600_000,
  });
  return {
    ...places,
    results,
    calls,
    subject: await repo.git(['log', '-1', '--format=%s'], places.worktree),
    changed: await repo.git(['status', '--porcelain'], places.worktree),
    async [Symbol.asyncDispose]() {
      await model.close();
      await repo[Symbol.asyncDispose]();
      await rm(codexHome, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AgentRequest, ChildCommand } from '../../../src/core/agents/contract/provider.ts';
import { providerNamed } from '../../../src/core/agents/registry.ts';
import { definedOnly } from '../../../src/core/kernel/defined-only.ts';
import type { Phase } from '../../../src/core/kernel/phases/table.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { childEnvironment } from '../../../src/core/sandbox/programs/environment.ts';
import { asStarted, atEndOf } from '../../support/as-started.ts';
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
  /** The requests to the model that offered tools. */
  requests: readonly string[];
  /** The CLI's own output. */
  stdout: string;
  stderr: string;
  exitCode: number | null;
}

type Started = Pick<ChildCommand, 'args' | 'env'>;

export interface GrantedOptions
  extends Partial<Pick<AgentRequest, 'permissions' | 'commands' | 'mcp' | 'model'>> {
  cli?: Parameters<typeof installCli>[0];
  /** Replaces the credential of the scripted model. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Changes the command line of the CLI and what the worker sets in its environment. */
  changed?(started: Started): Started;
  /** The answer to a request of the vendor's reviewer; undefined for any other. */
  review?(request: string): string | undefined;
  /** Further calls, once the hook at its end has sent the agent back. */
  repairs?(places: GrantedPlaces): readonly ToolUse[];
  /** Files of the home, path to text. */
  home?: Readonly<Record<string, string>>;
}

const MODELS: Partial<Record<ModelOf, string>> = { gemini: 'gemini-2.5-pro', opencode: 'stub/scripted' };

/** If bubblewrap is installed, Codex starts it with helpers that it does not create below the temporary folder. */
const NOT_TEMPORARY = '/var/tmp/samocode-test-';

const SENT_BACK = 'Before you end: ';

/** Starts the real CLI as the worker does, in a worktree and with PERMISSIONS=allow, behind a model that makes these calls. */
export async function runGranted(
  of: ModelOf,
  phase: Phase,
  callsIn: (places: GrantedPlaces) => readonly ToolUse[],
  options: GrantedOptions = {},
): Promise<GrantedChild> {
  const {
    cli: cliName = of,
    env: ownEnv,
    changed = (started) => started,
    home = {},
    review,
    repairs,
    ...asked
  } = options;
  const cli = await installCli(cliName);
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
  const all = [...calls, ...(repairs?.(places) ?? [])];
  let results: readonly ToolResult[] = [];
  const requests: string[] = [];
  const model = await startService(of, (conversation) => {
    const verdict = review?.(conversation.request);
    if (verdict !== undefined) return { say: verdict };
    requests.push(conversation.request);
    if (conversation.prompt === '') return { say: 'Noted.' };
    results = conversation.results;
    const isSentBack = conversation.request.includes(SENT_BACK);
    const call = (isSentBack ? all : calls)[results.length];
    return call ? { say: 'As scripted.', use: [call] } : { say: 'All done.' };
  });
  await model.furnish(repo.homeDir);
  for (const [path, text] of Object.entries(home)) {
    await mkdir(dirname(join(repo.homeDir, path)), { recursive: true });
    await writeFile(join(repo.homeDir, path), text);
  }
  const env = definedOnly({
    PATH: process.env.PATH ?? '',
    IS_SANDBOX: '1',
    CODEX_HOME: codexHome,
    ...model.environmentFor(repo.homeDir),
    ...ownEnv,
  });
  const prompt = `**Session path:** ${places.sessionDir}\n\nDo as you are told.\n`;
  const promptPath = join(repo.root, 'run/prompt.md');
  await mkdir(dirname(promptPath));
  await writeFile(promptPath, prompt);
  const programFolder = dirname((await builtPrograms()).worker);
  // Its times can't be counted in a folder: then no agent is sent back.
  const started = asStarted(places.sessionDir, phase, repairs ? {} : { toldPath: places.sessionDir });
  const request: AgentRequest = {
    cliPath: cli.path,
    promptPath,
    phase,
    sessionDir: places.sessionDir,
    workingDir: places.worktree,
    mainRepo: places.mainRepo,
    model: MODELS[of] ?? '',
    own: { CLAUDE_MAX_TURNS: 40 },
    permissions: 'allow',
    programFolder,
    atEnd: atEndOf(programFolder, started),
    nodePath: process.execPath,
    childUuid: crypto.randomUUID(),
    env: childEnvironment(env, {
      sessionUlid: '01JH0000000000000000000000',
      iteration: 1,
      cliPath: cli.path,
    }),
    ...asked,
  };
  const provider = providerNamed(of);
  const command = provider.buildCommand((await provider.prepare?.(request)) ?? request);
  const { args, env: given } = await changedBy(changed, command);
  const { stdout, stderr, exitCode } = await runCommand(command.file, args, {
    cwd: places.worktree,
    env: { ...given },
    input: prompt,
    timeoutMs: 600_000,
  });
  return {
    ...places,
    results,
    calls,
    requests,
    ...{ stdout, stderr, exitCode },
    subject: await repo.git(['log', '-1', '--format=%s'], places.worktree),
    changed: await repo.git(['status', '--porcelain'], places.worktree),
    async [Symbol.asyncDispose]() {
      await model.close();
      await repo[Symbol.asyncDispose]();
      await rm(codexHome, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Agents of the Agent Client Protocol are started by a program of ours, from a file. */
async function changedBy(changed: (started: Started) => Started, { args, env }: Started): Promise<Started> {
  const planPath = args.find((each) => each.endsWith('/acp-plan.json'));
  if (planPath === undefined) return changed({ args, env });
  const plan = JSON.parse(await readFile(planPath, 'utf8'));
  const [cli, ...own] = plan.command;
  const started = changed({ args: own, env });
  await writeFile(planPath, JSON.stringify({ ...plan, command: [cli, ...started.args] }));
  return { args, env: started.env };
}

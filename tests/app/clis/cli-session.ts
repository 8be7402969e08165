import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { approvePlan } from '../../../src/core/acts/gates/approve-plan.act.ts';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { stopSession } from '../../../src/core/acts/sessions/stop-session.act.ts';
import { setupProject } from '../../../src/core/acts/set-up/setup-project.act.ts';
import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import { readTrust, trustProject } from '../../../src/core/caller/context/trust-project.ts';
import { definedOnly } from '../../../src/core/kernel/defined-only.ts';
import { systemHost } from '../../../src/core/kernel/processes/host.ts';
import type { ProcessEntry } from '../../../src/core/kernel/processes/process-table.ts';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { agreedHash } from '../../../src/core/project/finding/trust.ts';
import { launchWorker } from '../../../src/core/sandbox/programs/launch-worker.ts';
import type { EventType } from '../../../src/core/session/events/bodies/event-types.ts';
import type { SessionEvent } from '../../../src/core/session/events/events.ts';
import type { SessionState } from '../../../src/core/session/events/state.ts';
import { readSession } from '../../../src/core/session/folder/read-session.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../../src/core/session/layout/paths.ts';
import { readEvents } from '../../../src/core/session/log/event-log.ts';
import { readSessionFile } from '../../../src/core/session/log/read-session-file.ts';
import { answerQa } from '../../support/as-shown.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { type InstalledCli, installCli } from '../../support/install-clis.ts';
import {
  endSession,
  killWorkerOf,
  PATIENT_CLOCK,
  processesOf,
  untilState,
  workerPidOf,
} from '../../support/live-session.ts';
import type { PlannedWork } from '../../support/model-stub/planned-work.ts';
import {
  type ScriptedModel,
  type ScriptedModelOptions,
  startScriptedModel,
} from '../../support/model-stub/scripted-model.ts';
import type { ModelOf } from '../../support/model-stub/services.ts';
import { makeSampleRepo } from '../../support/sample-repo/make.ts';
import { COMPOUND_AMOUNTS } from '../../support/sample-repo/missing-feature.ts';
import { type Start, startSession } from '../../support/start-session.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { startByTool } from './start-by-tool.ts';

type Lines = Readonly<Record<string, string>>;

const CLIS = join(process.cwd(), '.cache/clis');

export interface CliSessionPlan {
  cli: ModelOf;
  /** Lines of `.samocode` in addition to the folders. */
  lines?: Lines | ((model: ScriptedModel | undefined) => Lines);
  /** Added to the environment of any process that starts workers. */
  env?: Readonly<Record<string, string>>;
  instead?: ScriptedModelOptions['instead'];
  /** What the model plans and builds; by default the sample repository's missing feature. */
  work?: PlannedWork;
  /** Further CLIs with separate models, for sessions that mix them. */
  others?: readonly ModelOf[];
  start?: Start;
  /** Started by the tool of a real MCP server, which then ends. */
  byTool?: true;
  /** Runs when HOME and the project exist and nothing has started. */
  before?: (places: { homeDir: string; mainRepo: string }) => Promise<void>;
}

/** A real session in the sample repository, its worker, the real CLI and a scripted model behind it. */
export interface CliSession extends AsyncDisposable {
  paths: SessionPaths;
  homeDir: string;
  mainRepo: string;
  models: Readonly<Partial<Record<ModelOf, ScriptedModel>>>;
  context: ActionContext;
  state(): Promise<SessionState>;
  events(): Promise<SessionEvent[]>;
  eventsOf<T extends EventType>(type: T): Promise<Extract<SessionEvent, { type: T }>[]>;
  /** Waits until a state is reached, and restarts a missing worker that is needed. */
  until(holds: (state: SessionState) => boolean, withinMs?: number): Promise<SessionState>;
  /** A second session of the same project. */
  another(name: string): Promise<CliSession>;
  answer(): Promise<unknown>;
  approve(): Promise<unknown>;
  stop(): Promise<unknown>;
  resume(): Promise<unknown>;
  workerPid(): Promise<number | undefined>;
  /** Kills the worker as a crash would. */
  killWorker(): Promise<void>;
  /** The processes with the session's marker. */
  processes(): Promise<ProcessEntry[]>;
  git(...args: string[]): Promise<string>;
}

export async function startCliSession(plan: CliSessionPlan): Promise<CliSession> {
  const dir = await tempDir();
  const homeDir = join(dir.path, 'home');
  const mainRepo = join(dir.path, 'repo');
  await mkdir(homeDir);
  const codexRoot = await mkdtemp(NOT_TEMPORARY);
  const { models, env } = await startModels(plan, { homeDir, codexRoot });
  const [programs] = await Promise.all([builtPrograms(), makeSampleRepo(mainRepo, env)]);
  const context: ActionContext = {
    clock: PATIENT_CLOCK,
    host: await systemHost(),
    env,
    home: homeDir,
    cwd: mainRepo,
    by: { channel: 'cli' },
    programs: { worker: programs.worker, rehearsal: programs.rehearsal },
  };
  // Without a sandbox unless its lines say otherwise, as in every rig.
  const own = typeof plan.lines === 'function' ? plan.lines(models[plan.cli]) : plan.lines;
  // The CLIs start each other's Node.
  const read = [CLIS, ...(own?.SANDBOX_READ === undefined ? [] : [own.SANDBOX_READ])].join(',');
  const lines = {
    ...{ PROVIDER: plan.cli, SANDBOX: 'off', ...own },
    ...(own?.SANDBOX === 'guard' && { SANDBOX_READ: read }),
  };
  await setupProject(
    { lines, sessions: join(dir.path, 'sessions'), worktrees: join(dir.path, 'trees') },
    context,
  );
  await plan.before?.({ homeDir, mainRepo });
  const { project } = await readTrust({}, context);
  await trustProject({ hash: agreedHash(project) }, context);
  const isNew = plan.start?.from === undefined;
  const input = { ...(isNew && { task: COMPOUND_AMOUNTS.task, name: 'compound' }), ...plan.start };
  const started = plan.byTool
    ? startByTool({ cwd: mainRepo, env, input })
    : startSession(input, context).then(({ file }) => file.folder);
  const folder = await started.catch(async (error) => {
    throw new Error(`${error}\n${await workerErrors(join(dir.path, 'sessions'))}`, { cause: error });
  });
  const paths = sessionPaths(join(dir.path, 'sessions'), folder);
  const id = (await readSessionFile(paths))?.id ?? '';
  return newSession({ paths, homeDir, mainRepo, models, context, id, roots: [dir.path, codexRoot] });
}

/** If bubblewrap is installed, Codex starts it with helpers that it does not create below the temporary folder. */
const NOT_TEMPORARY = '/var/tmp/samocode-test-';

async function startModels(plan: CliSessionPlan, places: { homeDir: string; codexRoot: string }) {
  const { homeDir, codexRoot } = places;
  const codexHome = join(codexRoot, '.codex');
  await mkdir(codexHome);
  await symlink(codexHome, join(homeDir, '.codex'));
  const models: Partial<Record<ModelOf, ScriptedModel>> = {};
  let env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    SAMOCODE_SUPERVISOR: 'off',
    KEEP_AWAKE: 'no',
    IS_SANDBOX: '1',
    CODEX_HOME: join(codexRoot, '.codex'),
  };
  for (const of of [plan.cli, ...(plan.others ?? [])]) {
    const cli: InstalledCli = await installCli(of);
    const { instead, work = COMPOUND_AMOUNTS } = plan;
    const model = await startScriptedModel({ of, work, ...(instead && { instead }) });
    await model.furnish(homeDir);
    models[of] = model;
    env = { ...env, ...model.environmentFor(homeDir), [`${of.toUpperCase()}_PATH`]: cli.path };
  }
  // Without a model's name Gemini CLI calls another one first.
  return { models, env: { ...env, GEMINI_MODEL: 'gemini-2.5-pro', SAMOCODE_RETRY_DELAY: '0', ...plan.env } };
}

type Parts = Pick<CliSession, 'paths' | 'homeDir' | 'mainRepo' | 'models' | 'context'> & {
  id: string;
  roots: readonly string[];
};

function newSession({ id, roots, ...parts }: Parts): CliSession {
  const { paths, context, models, mainRepo } = parts;
  const { host } = context;
  const session = { session: paths.folder };
  const whereabouts = { paths, host };
  const launch = () => launchWorker(paths, { program: context.programs.worker, env: context.env });
  const state = async () => {
    const view = await readSession(paths, host);
    if (!view) throw new Error('The session has vanished.');
    return view.state;
  };
  const events = () => readEvents(paths, 0);
  return {
    ...parts,
    state,
    events,
    until: (holds, withinMs) => untilState(whereabouts, holds, { launch, ...(withinMs && { withinMs }) }),
    workerPid: () => workerPidOf(whereabouts),
    another: async (name) => {
      const { file } = await startSession({ task: COMPOUND_AMOUNTS.task, name }, context);
      const own = { paths: sessionPaths(dirname(paths.sessionDir), file.folder), id: file.id };
      return newSession({ ...parts, ...own, models: {}, roots: [] });
    },
    killWorker: async () => void (await killWorkerOf(whereabouts)),
    eventsOf: async <T extends EventType>(type: T) =>
      (await events()).filter((event): event is Extract<SessionEvent, { type: T }> => event.type === type),
    answer: () => answerQa({ ...session, answers: [], acceptSuggestions: true }, context),
    approve: async () => {
      const { status } = await state();
      const hash = status.kind === 'waiting' ? status.plan?.hash : undefined;
      return await approvePlan({ ...session, hash }, context);
    },
    stop: () => stopSession({ ...session, when: 'now' }, context),
    resume: () => resumeSession(session, context),
    processes: () => processesOf(host, id),
    git: async (...args) =>
      (await runCommand('git', args, { cwd: mainRepo, env: definedOnly(context.env) })).stdout.trim(),
    async [Symbol.asyncDispose]() {
      await endSession(whereabouts, id);
      for (const model of Object.values(models)) await model.close();
      for (const root of roots) await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Output of workers that failed to start. */
async function workerErrors(sessionsDir: string): Promise<string> {
  const runDir = runRoot(sessionsDir);
  const texts = (await readdir(runDir).catch(() => [])).map((folder) =>
    readFile(join(runDir, folder, 'worker.stderr'), 'utf8').catch(() => ''),
  );
  return `The session did not start. ${(await Promise.all(texts)).join('\n')}`;
}

import { dirname, join } from 'node:path';
import { readMcpServers } from '../../agents/contract/mcp-file.ts';
import type { AgentRequest, ChildCommand, ChildServers, Provider } from '../../agents/contract/provider.ts';
import { isBundled } from '../../agents/registry.ts';
import { ensurePlainFolder, moveAside } from '../../kernel/files/append-lines.ts';
import { syncFolder, writeUnsynced, writeWhole } from '../../kernel/files/atomic-file.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { permissionsIn } from '../../kernel/phases/grants.ts';
import { usdLeft } from '../../kernel/phases/limits.ts';
import { followsPlan } from '../../kernel/phases/table.ts';
import { guardFound } from '../../project/worktrees/as-found.ts';
import { type Guard, insideGuard } from '../../sandbox/guard/make-guard.ts';
import { CHROMIUMS, programOnPath } from '../../sandbox/programs/locate-cli.ts';
import { nodePath } from '../../sandbox/programs/node-path.ts';
import { type ChildRecord, runChild } from '../../sandbox/programs/run-child.ts';
import { isExecutable } from '../../sandbox/programs/usual-places.ts';
import { type LoginPlan, renewLogin } from '../../sandbox/renew-login.ts';
import { stderrFileName } from '../../session/documents/documents.ts';
import type { AsStarted } from '../../session/documents/form.ts';
import { serverCommand } from '../../session/documents/plan-servers.ts';
import { BLANK_SIGNAL, MAX_SIGNAL_BYTES } from '../../session/documents/signal.ts';
import { acceptedServers } from '../../session/events/accepted.ts';
import { MAX_OVERVIEW_BYTES } from '../../session/layout/paths.ts';
import { documentsPrint, keepRunFolder, mainCheckoutNow, type Snapshot } from '../guarding/changes.ts';
import { budgetUses } from '../limits/budget.ts';
import { keepWorkBefore, notKept } from '../record/keep-work.ts';
import { foundPlace } from '../state/as-ours.ts';
import { environmentIn } from '../state/environment.ts';
import { Evidence } from '../state/evidence.ts';
import { findProgram } from '../state/find-program.ts';
import { type Iteration, wrapperName } from '../state/iteration.ts';
import { logToStderr } from '../state/passing-errors.ts';
import { requireLease } from '../state/processes.ts';
import { checksOf, choicesOf, record, stateOf, type Worker } from '../state/worker.ts';
import { collectWork } from './end.ts';

export async function spawnAgent(worker: Worker, open: Iteration): Promise<ChildRecord> {
  // SETUP and CHECK also run in the guard, and can commit.
  await collectWork(worker);
  // These steps come first, because they write files for the agent that belong to the snapshot.
  const cli = { name: open.cli.name, path: await cliPathNow(worker, open.cli) };
  await renewBefore(worker, open, cli.path);
  const guard = await worker.guard.inWorktree({ cli, shown: filesFor(worker) });
  const command = await commandFor(worker, open, { guard, cliPath: cli.path });
  await prepareIteration(worker, open);
  // Also before an iteration is restarted: the machine may have lost contact with its pool in the meantime.
  await requireLease(worker);
  const { files, logs } = open;
  const record = await runChild({
    command,
    name: wrapperName(worker, open.iteration),
    cwd: workingDir(worker),
    stdoutPath: logs.stdout,
    stderrPath: logs.stderr,
    recordPath: files.child,
    exitPath: files.exit,
    guard: guard && { guard, argsPath: files.guardArgs, statusPath: files.guardStatus },
    onExit: () => worker.memory.watcher?.wake(),
    host: worker.host,
    clock: worker.clock,
  });
  worker.memory.wrapperPid = record.wrapper.pid;
  return record;
}

async function commandFor(
  worker: Worker,
  open: Iteration,
  { guard, cliPath }: { guard: Guard | undefined; cliPath: string | undefined },
): Promise<ChildCommand> {
  const inGuard = guard !== undefined;
  const { file, paths, env } = worker;
  const { settings } = file;
  const { cli } = open;
  const programFolder = dirname(worker.rehearsalProgram);
  const permissions = permissionsIn(open.phase, settings.permissions);
  const node = await nodePath(env);
  const request: AgentRequest = {
    cliPath: cliPath ?? cli.defaultCommand,
    promptPath: open.files.prompt,
    phase: open.phase,
    sessionDir: paths.sessionDir,
    workingDir: workingDir(worker),
    mainRepo: file.mainRepo,
    model: open.model,
    own: settings.own,
    agentCommand: settings.acp?.command,
    permissions,
    commands: [settings.setup ?? [], ...checksOf(worker)].flat(),
    inGuard,
    ...(guard && { inside: (command: readonly string[]) => insideGuard(guard, command) }),
    childUuid: open.childUuid,
    nodePath: node,
    programFolder,
    atEnd: [
      node,
      join(programFolder, 'form-check.cjs'),
      JSON.stringify(await asStarted(worker, open, { inGuard, permissions })),
    ],
    env: await environmentIn(worker, workingDir(worker), {
      iteration: open.iteration,
      clis: [cli.name],
      cliPath,
    }),
    ...budgetOf(worker, open),
    mcp: await agentServers(worker, { inGuard }),
    scenarioPath: settings.scenarioPath,
  };
  return cli.buildCommand(cli.prepare ? await cli.prepare(request) : request);
}

/** What the hook at an agent's end needs to read its documents as the worker will. */
async function asStarted(
  worker: Worker,
  { logs, phase }: Iteration,
  { inGuard, permissions }: Pick<AgentRequest, 'inGuard' | 'permissions'>,
): Promise<AsStarted> {
  const { progress, approvedPlan, oldPlans, oldRounds, oldLedger, messages } = stateOf(worker);
  return {
    sessionDir: worker.paths.sessionDir,
    toldPath: stderrFileName(logs.stdout).replace(/\.stderr$/, '.told'),
    progress,
    rules: choicesOf(worker),
    hasChecks: await new Evidence(worker).hasCommands(),
    // Only what the agent might run itself: with other permissions, such a phase changes no code.
    ...(inGuard && permissions === 'skip' && !followsPlan(phase) && { triesIn: workingDir(worker) }),
    unacknowledged: messages.unacknowledged,
    ...{ approvedPlan, oldPlans, oldRounds, oldLedger },
  };
}

/**
 * The program of a provider: the one chosen at the start or, if it is gone (as after an update that replaced its
 * folder), the one that its setting or name finds now. If there is none, starting the old path reports the error.
 */
export async function cliPathNow(worker: Worker, cli: Provider): Promise<string | undefined> {
  const { chosen } = stateOf(worker);
  const own = chosen?.provider === cli.name ? chosen.cliPath : undefined;
  const known = own ?? worker.file.settings.cliPaths[cli.name];
  const isUsable = known === undefined || (await isExecutable(known));
  return isUsable && !isBundled(cli.name) ? known : ((await findProgram(worker, cli)) ?? known);
}

/** Files outside the session that an agent or its CLI reads. */
function filesFor({ file: { settings } }: Worker): string[] {
  return [settings.mcpPath, settings.scenarioPath].filter((path) => path !== undefined);
}

function budgetOf(worker: Worker, { phase, wrapUp = false }: Iteration): { budgetUsd?: number } {
  const left = usdLeft(budgetUses(worker, stateOf(worker), { phase }), { wrapUp });
  return left === undefined ? {} : { budgetUsd: left };
}

export function workingDir(worker: Worker): string {
  return stateOf(worker).worktree?.path ?? worker.file.mainRepo;
}

/** Prepares an agent's start: blank signal, log folder, a checkpoint, and the snapshot to compare with afterwards. */
export async function prepareIteration(worker: Worker, open: Iteration): Promise<void> {
  const { paths } = worker;
  const { files } = open;
  ensurePlainFolder(paths.logs);
  // SESSIONS can be a separate repository, which must not contain the agents' output.
  writeUnsynced(join(paths.logs, '.gitignore'), '*\n');
  if ((await readPlainFile(paths.signal, MAX_SIGNAL_BYTES)).kind === 'unusable') moveAside(paths.signal);
  writeUnsynced(paths.signal, BLANK_SIGNAL);
  // After a power cut, the signal of an earlier agent would count as that of this one.
  await syncFolder(paths.sessionDir);
  const overview = await readPlainFile(paths.overview, MAX_OVERVIEW_BYTES);
  if (overview.kind === 'bytes') writeUnsynced(files.overviewBefore, overview.bytes);
  const keeping = keepWorkBefore(worker, open.iteration);
  const mainCheckout = worker.memory.seen?.mainCheckout ?? (await mainCheckoutNow(worker));
  const kept = await keeping;
  worker.memory.seen = undefined;
  await record(worker, ...notKept(kept));
  const { worktree } = kept;
  if (stateOf(worker).worktree !== undefined) await guardFound(foundPlace(worker, workingDir(worker)));
  const snapshot: Snapshot = { worktree, mainCheckout, documents: documentsPrint(worker) };
  await keepRunFolder(worker, open, async (runFolder) => {
    const text = `${JSON.stringify({ ...snapshot, runFolder })}\n`;
    // Without a guard, a damaged snapshot would be a breach; otherwise everything counts as changed.
    if (runFolder === undefined) writeUnsynced(files.before, text);
    else await writeWhole(files.before, text, { sync: 'file' });
  });
}

/**
 * The MCP servers of an agent: those of the project's MCP file, and those accepted with the plan as recorded in the
 * event log. If two have the same name, the project's server is used.
 */
export async function agentServers(
  worker: Pick<Worker, 'file' | 'writer' | 'paths' | 'env'>,
  { inGuard }: { inGuard: boolean },
): Promise<ChildServers | undefined> {
  const { mcpPath: configPath } = worker.file.settings;
  const own = configPath === undefined ? {} : await readMcpServers(configPath);
  const proposed = acceptedServers(stateOf(worker)).filter(({ name }) => !Object.hasOwn(own, name));
  if (proposed.length === 0)
    return configPath === undefined ? undefined : { configPath, serverNames: Object.keys(own), servers: own };
  const place = {
    sessionDir: worker.paths.sessionDir,
    chromium: await programOnPath(CHROMIUMS, worker.env),
    isConfined: inGuard || process.getuid?.() === 0,
  };
  const accepted = Object.fromEntries(
    proposed.map((server) => {
      const [command = '', ...args] = serverCommand(server, place);
      return [server.name, { command, args }];
    }),
  );
  const servers = { ...own, ...accepted };
  return { ...(configPath && { configPath }), accepted, serverNames: Object.keys(servers), servers };
}

/** Renews the login of an agent's CLI if its token ends within the agent's time: in the sandbox it can't be renewed. */
async function renewBefore(worker: Worker, open: Iteration, path: string | undefined): Promise<void> {
  const plan = await planOf(worker, open.cli, path);
  if (plan === undefined) return;
  const renewal = await renewLogin(plan, { until: worker.clock.now() + open.timeLimitMs });
  if (renewal === 'failed') logToStderr(worker, `${open.cli.title} did not renew its login.`);
}

/** Whether a login that was refused has been renewed since the agent started; only at the first failure in a row. */
export async function renewedAfter(
  worker: Worker,
  open: Iteration,
  path: string | undefined,
): Promise<boolean> {
  const plan = await planOf(worker, open.cli, path);
  if (plan === undefined || stateOf(worker).progress.failureCounts.failures > 0) return false;
  const renewal = await renewLogin(plan, { changedSince: Date.parse(open.startedAt) });
  return renewal === 'fresh' || renewal === 'renewed';
}

/** Absent if the CLI of an agent uses the person's login itself, and so renews it. */
async function planOf(
  worker: Worker,
  cli: Provider,
  path: string | undefined,
): Promise<LoginPlan | undefined> {
  const now = await worker.guard.now();
  if (path === undefined || now.level === 'none' || now.tool.kind !== 'bwrap') return undefined;
  const { host, clock } = worker;
  return { cli, path, home: await worker.guard.home(), host, clock };
}

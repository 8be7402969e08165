import { readFile } from 'node:fs/promises';
import { ensurePlainFolder, putAside } from '../../base/files/append-lines.ts';
import { writeLightly, writeWhole } from '../../base/files/atomic-file.ts';
import { readPlainFile } from '../../base/files/plain-file.ts';
import { usdLeft } from '../../phases/caps.ts';
import { START } from '../../project/checkpoints/checkpoint-refs.ts';
import type { ChildCommand, ChildRequest, Provider } from '../../providers/contract/provider.ts';
import { providerNamed } from '../../providers/registry.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import { type ChildRecord, runChild } from '../../providers/starting/run-child.ts';
import { BLANK_SIGNAL, MAX_SIGNAL_BYTES } from '../../session/documents/signal.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths, MAX_OVERVIEW_BYTES } from '../../session/layout/paths.ts';
import { cliPathOf } from '../core/child-choice.ts';
import { wrapperName } from '../core/child-record.ts';
import { logPaths } from '../core/iteration-files.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { keepRunFolder } from '../guarding/run-folder.ts';
import { documentsPrint, lookAtMainCheckout, type Snapshot } from '../guarding/snapshot.ts';
import { comparisonBefore } from '../judging/held-to-comparison.ts';
import { budgetUses } from '../limits/budget.ts';
import { keepWork, notKept } from '../recording/keep-work.ts';
import { freshLook, type Seen } from '../recording/last-look.ts';
import { childServers } from './child-servers.ts';

/** Starts the child of an iteration that has begun. @throws child_not_started */
export async function spawnChild(worker: Worker, open: OpenIteration): Promise<ChildRecord> {
  // What it writes for the child belongs to what stands there before.
  const guard = await worker.guard.guard(worker);
  const command = await commandFor(worker, open, { inGuard: guard !== undefined });
  await layOut(worker, open);
  const files = iterationPaths(worker.paths, open.iteration);
  const { stdout, stderr } = logPaths(worker, open);
  return await runChild({
    command,
    name: wrapperName(worker, open.iteration),
    cwd: workingDir(worker),
    stdoutPath: stdout,
    stderrPath: stderr,
    recordPath: files.child,
    exitPath: files.exit,
    guard: guard && { guard, argsPath: files.guardArgs, statusPath: files.guardStatus },
    host: worker.host,
    clock: worker.clock,
  });
}

async function commandFor(
  worker: Worker,
  open: OpenIteration,
  { inGuard }: { inGuard: boolean },
): Promise<ChildCommand> {
  const { file, paths, env } = worker;
  const { settings } = file;
  const provider = providerNamed(open.provider);
  const promptPath = iterationPaths(paths, open.iteration).prompt;
  const cliPath = cliPathOf(worker, provider.name);
  const request: ChildRequest = {
    cliPath: cliPath ?? provider.defaultCommand,
    prompt: await readFile(promptPath, 'utf8'),
    promptPath,
    phase: open.phase,
    iteration: open.iteration,
    sessionDir: paths.sessionDir,
    workingDir: workingDir(worker),
    mainRepo: file.mainRepo,
    model: open.model,
    maxTurns: settings.maxTurns,
    permissions: settings.permissions,
    inGuard,
    childUuid: open.childUuid,
    nodePath: await nodePath(env),
    env: childEnvironment(env, { sessionUlid: file.id, iteration: open.iteration, cliPath }),
    ...budgetOf(worker, open),
    mcp: await childServers(worker, { inGuard }),
    scenarioPath: settings.scenarioPath,
  };
  return await buildCommand(provider, request);
}

function budgetOf(worker: Worker, { phase, wrapUp = false }: OpenIteration): { budgetUsd?: number } {
  const left = usdLeft(budgetUses(worker, stateOf(worker), { phase }), { wrapUp });
  return left === undefined ? {} : { budgetUsd: left };
}

async function buildCommand(provider: Provider, request: ChildRequest): Promise<ChildCommand> {
  return provider.buildCommand(provider.prepare ? await provider.prepare(request) : request);
}

function workingDir(worker: Worker): string {
  return stateOf(worker).worktree?.path ?? worker.file.mainRepo;
}

/** Lays the table for a child that is let go next: blank signal, log folder, and what to compare with when it has ended. */
export async function layOut(worker: Worker, open: OpenIteration): Promise<void> {
  const { paths } = worker;
  const files = iterationPaths(paths, open.iteration);
  ensurePlainFolder(paths.logs);
  if ((await readPlainFile(paths.signal, MAX_SIGNAL_BYTES)).kind === 'unusable') putAside(paths.signal);
  await writeWhole(paths.signal, BLANK_SIGNAL);
  const overview = await readPlainFile(paths.overview, MAX_OVERVIEW_BYTES);
  if (overview.kind === 'bytes') writeLightly(files.overviewBefore, overview.bytes);
  const seen = freshLook(worker) ?? (await lookAround(worker, open));
  const comparison = await comparisonBefore(worker, open);
  const snapshot: Snapshot = { ...seen, documents: documentsPrint(worker), comparison };
  await keepRunFolder(worker, open, (runFolder) =>
    writeWhole(files.before, `${JSON.stringify({ ...snapshot, runFolder })}\n`),
  );
}

/** Keeps what stands there before a child that does not follow at once on another: a person may have been at work. */
async function lookAround(worker: Worker, { iteration }: OpenIteration): Promise<Seen> {
  await worker.git.look(stateOf(worker).worktree?.path);
  const keeping = keepWork(worker, iteration === 1 ? START : { kind: 'before', iteration });
  const mainCheckout = await lookAtMainCheckout(worker);
  const kept = await keeping;
  await record(worker, ...notKept(kept));
  const { worktree } = kept;
  return { worktree, mainCheckout };
}

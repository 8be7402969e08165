import { readFile } from 'node:fs/promises';
import { usdLeft } from '../../phases/caps.ts';
import type { ChildCommand, ChildRequest, Provider } from '../../providers/contract/provider.ts';
import { providerNamed } from '../../providers/registry.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import { type ChildRecord, runChild } from '../../providers/starting/run-child.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { cliPathOf } from '../core/child-choice.ts';
import { wrapperName } from '../core/child-record.ts';
import { logPaths } from '../core/iteration-files.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { budgetUses } from '../limits/budget.ts';
import { childServers } from './child-servers.ts';
import { layOut } from './lay-out.ts';

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

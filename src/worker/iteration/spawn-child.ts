import { usdLeft } from '../../phases/caps.ts';
import type { ChildCommand, ChildRequest } from '../../providers/contract/provider.ts';
import { childEnvironment } from '../../providers/starting/environment.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import { type ChildRecord, runChild } from '../../providers/starting/run-child.ts';
import { cliPathOf } from '../core/child-choice.ts';
import { type Iteration, wrapperName } from '../core/iteration-files.ts';
import { stateOf, type Worker } from '../core/worker.ts';
import { budgetUses } from '../limits/budget.ts';
import { childServers } from './child-servers.ts';
import { layOut } from './lay-out.ts';

/** Starts the child of an iteration that has begun. @throws child_not_started */
export async function spawnChild(worker: Worker, open: Iteration): Promise<ChildRecord> {
  // What it writes for the child belongs to what stands there before.
  const guard = await worker.guard.guard(worker);
  const command = await commandFor(worker, open, { inGuard: guard !== undefined });
  await layOut(worker, open);
  const { files, logs } = open;
  return await runChild({
    command,
    name: wrapperName(worker, open.iteration),
    cwd: workingDir(worker),
    stdoutPath: logs.stdout,
    stderrPath: logs.stderr,
    recordPath: files.child,
    exitPath: files.exit,
    guard: guard && { guard, argsPath: files.guardArgs, statusPath: files.guardStatus },
    host: worker.host,
    clock: worker.clock,
  });
}

async function commandFor(
  worker: Worker,
  open: Iteration,
  { inGuard }: { inGuard: boolean },
): Promise<ChildCommand> {
  const { file, paths, env } = worker;
  const { settings } = file;
  const { cli } = open;
  const cliPath = cliPathOf(worker, cli.name);
  const request: ChildRequest = {
    cliPath: cliPath ?? cli.defaultCommand,
    promptPath: open.files.prompt,
    phase: open.phase,
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
  return cli.buildCommand(cli.prepare ? await cli.prepare(request) : request);
}

function budgetOf(worker: Worker, { phase, wrapUp = false }: Iteration): { budgetUsd?: number } {
  const left = usdLeft(budgetUses(worker, stateOf(worker), { phase }), { wrapUp });
  return left === undefined ? {} : { budgetUsd: left };
}

function workingDir(worker: Worker): string {
  return stateOf(worker).worktree?.path ?? worker.file.mainRepo;
}

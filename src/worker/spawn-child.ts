import { readFile } from 'node:fs/promises';
import { ifExists } from '../base/errors.ts';
import { childEnvironment } from '../providers/environment.ts';
import type { ChildCommand, ChildRequest, Provider } from '../providers/provider.ts';
import { providerNamed } from '../providers/registry.ts';
import { ChildRecord, runChild } from '../providers/run-child.ts';
import { iterationPaths } from '../session/paths.ts';
import type { OpenIteration } from '../session/state.ts';
import { layOut, logPaths } from './begin-iteration.ts';
import { stateOf, type Worker } from './worker.ts';

/** Starts the child of an iteration that has begun. @throws ChildNotStartedError */
export async function spawnChild(worker: Worker, open: OpenIteration): Promise<ChildRecord> {
  await layOut(worker, open);
  const files = iterationPaths(worker.paths, open.iteration);
  const { stdout, stderr } = logPaths(worker, open);
  return await runChild({
    command: await commandFor(worker, open),
    cwd: workingDir(worker),
    stdoutPath: stdout,
    stderrPath: stderr,
    recordPath: files.child,
    exitPath: files.exit,
    host: worker.host,
    clock: worker.clock,
  });
}

/** Who the child of an iteration is; undefined when none was recorded, so that none has ever run. */
export async function readChildRecord(worker: Worker, iteration: number): Promise<ChildRecord | undefined> {
  const text = await ifExists(readFile(iterationPaths(worker.paths, iteration).child, 'utf8'));
  return text === undefined ? undefined : ChildRecord.parse(JSON.parse(text));
}

async function commandFor(worker: Worker, open: OpenIteration): Promise<ChildCommand> {
  const { file, paths, env } = worker;
  const { settings } = file;
  const provider = providerNamed(open.provider);
  const promptPath = iterationPaths(paths, open.iteration).prompt;
  const cliPath = provider.name === 'rehearsal' ? worker.rehearsalProgram : settings.cliPaths[provider.name];
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
    childUuid: open.childUuid,
    env: childEnvironment(env, {
      sessionUlid: file.id,
      iteration: open.iteration,
      ...(cliPath !== undefined && { cliPath }),
    }),
    ...(settings.scenarioPath !== undefined && { scenarioPath: settings.scenarioPath }),
  };
  return await buildCommand(provider, request);
}

async function buildCommand(provider: Provider, request: ChildRequest): Promise<ChildCommand> {
  return provider.buildCommand(provider.prepare ? await provider.prepare(request) : request);
}

function workingDir(worker: Worker): string {
  return stateOf(worker).worktree?.path ?? worker.file.mainRepo;
}

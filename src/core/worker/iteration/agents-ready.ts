import type { Provider } from '../../agents/contract/provider.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { saidBy } from '../../kernel/said.ts';
import { withoutMissing } from '../../project/proving/checkout-variables.ts';
import { insideGuard } from '../../sandbox/guard/make-guard.ts';
import { ASK_LIMIT_MS, type AskCli, loginProblem } from '../../sandbox/programs/preflight.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { agentChoice } from '../state/agent-choice.ts';
import { environmentIn } from '../state/environment.ts';
import { stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';
import { cliPathNow, workingDir } from './start.ts';

/**
 * Asks the CLIs of all phases, before the first agent costs anything, whether they start in the worktree and are logged
 * in. Contacts none of their services.
 * @throws cli_fails, not_logged_in
 */
export async function requireReadyAgents(worker: Worker): Promise<void> {
  if (stateOf(worker).lastIteration !== undefined) return;
  const clis = new Set(PHASE_NAMES.map((phase) => agentChoice(worker, phase).provider));
  for (const cli of clis) {
    const problem = await whileTakingCommands(worker, (signal) => preflightProblem(worker, cli, signal));
    if (problem !== undefined) throw problem;
  }
}

async function preflightProblem(
  worker: Worker,
  cli: Provider,
  signal: AbortSignal,
): Promise<SamocodeError | undefined> {
  const { title, preflight } = cli;
  const path = await cliPathNow(worker, cli);
  if (preflight === undefined || path === undefined) return undefined;
  const guard = await worker.guard.inWorktree({ cli: { name: cli.name, path } });
  const { env } = worker;
  const cwd = workingDir(worker);
  const options = {
    cwd,
    env: withoutMissing(await environmentIn(worker, cwd, { clis: [cli.name], cliPath: path }), cwd),
    timeoutMs: ASK_LIMIT_MS,
    maxBytes: 1024 * 1024,
    signal,
  };
  const ask: AskCli = async (args) => {
    const [program, ...rest] = guard ? insideGuard(guard, [path, ...args]) : [path, ...args];
    return await runCommand(program, rest, options);
  };
  const { exitCode, stderr, stdout, timedOut } = await ask(['--version']);
  signal.throwIfAborted();
  if (exitCode !== 0 && !timedOut) {
    const how = exitCode === null ? 'it could not be started' : `exit status ${exitCode}`;
    return WORKER_ERRORS.cli_fails({ title, path, how, said: saidBy(stderr || stdout, env) });
  }
  const problem = await loginProblem({ title, preflight }, ask);
  return problem?.isCertain
    ? WORKER_ERRORS.not_logged_in({ found: problem.found, fix: problem.fix })
    : undefined;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { providerNamed } from '../../agents/registry.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { copyState, loginPlaces } from '../../sandbox/cli-state.ts';
import { insideGuard } from '../../sandbox/guard/make-guard.ts';
import { guardOf } from '../../sandbox/guard-of.ts';
import type { GuardNow } from '../../sandbox/probe-guard.ts';
import { ASK_LIMIT_MS, loginProblem } from '../../sandbox/programs/preflight.ts';
import type { ActionContext } from '../context/context.ts';
import { START_ERRORS } from '../errors/start-errors.ts';
import { findCli } from './agent-clis.ts';
import { environmentOfProject } from './login-of-project.ts';
import { guardedProject, guardNow } from './sandbox-now.ts';

/** Wraps a command line in the guard. */
export type GuardedCommand = (command: readonly [string, ...string[]]) => readonly [string, ...string[]];

/**
 * Asks an agent CLI about itself in the guard, because an agent might have written the programs or the files that it
 * reads. Without a guard, `ask` gets nothing.
 */
export async function askInGuard<T>(
  name: string,
  now: GuardNow | undefined,
  ask: (inside?: GuardedCommand) => Promise<T>,
): Promise<T> {
  if (now === undefined || now.level === 'none') return await ask();
  const { tool, places } = now;
  const folder = await mkdtemp(join(tmpdir(), 'samocode-asks-'));
  try {
    const states = await copyState(name, places.home, join(folder, 'state'));
    const shown = await loginPlaces(places.home, [name]);
    return await ask((command) => {
      const part = { clis: [{ name, path: command[0] }], states, shown };
      return insideGuard(guardOf(tool, places, part), command);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * An agent CLI that says for certain that it is not logged in gets no session: its first agent would fail. Asked with all
 * variables that a worker would have; no service is contacted.
 */
export async function requireLogin(project: Project, name: string, context: ActionContext): Promise<void> {
  const { title, preflight } = providerNamed(name);
  if (preflight?.login === undefined || preflight.login.isAdvisory) return;
  const [path, now, found] = await Promise.all([
    findCli(project, name, context),
    guardNow(guardedProject(project), context),
    environmentOfProject(project, context),
  ]);
  const options = { env: definedOnly(found), timeoutMs: ASK_LIMIT_MS, maxBytes: 1024 * 1024 };
  const problem = await askInGuard(name, now, async (inside = (command) => command) =>
    loginProblem({ title, preflight }, async (asked) => {
      const [file, ...args] = inside([path, ...asked]);
      return await runCommand(file, args, options);
    }),
  );
  if (problem?.isCertain) throw START_ERRORS.not_logged_in(problem);
}

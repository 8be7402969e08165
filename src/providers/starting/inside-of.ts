import { type Guard, insideGuard } from './guard.ts';

/** What installs hooks would be refused there, and fail. */
const NO_HOOKS = { HUSKY: '0', LEFTHOOK: '0' };

/** How a command of the project is started: inside the guard, where there is one. */
export function insideOf(guard: Guard | undefined, env: Record<string, string>) {
  if (guard === undefined) return {};
  return {
    inside: (command: readonly string[]) => insideGuard(guard, command),
    env: { ...NO_HOOKS, ...env },
  };
}

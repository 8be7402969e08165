import { isDeepStrictEqual } from 'node:util';
import { credentialNames } from '../../agents/registry.ts';
import { listed } from '../../kernel/text.ts';
import { type ChildFacts, childEnvironment, leftOutOf } from '../../sandbox/programs/environment.ts';
import { isFromTerminal, withLogin } from '../../sandbox/programs/login-shell.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { NOT_IN_LOGIN_SHELL } from '../../session/folder/session-view.ts';
import { record, stateOf, type Worker } from './worker.ts';

/** Whether to run the login shell's start-up files: to use their variables, or for a notice before the first agent. */
export function needsLogin(worker: Worker): boolean {
  return usesLogin(worker) || Object.keys(stateOf(worker).paidBy).length === 0;
}

/** Some clients pass TERM on and drop the rest, so a worker of theirs lacks what the start had. */
function usesLogin(worker: Worker): boolean {
  return (
    !isFromTerminal(worker.environment.started) || lackedBy(worker, worker.environment.started).length > 0
  );
}

/** Names of the variables of the start that are not set in `env`. */
function lackedBy(worker: Worker, env: Worker['env']): string[] {
  return (stateOf(worker).environment ?? []).filter((name) => env[name] === undefined);
}

/** Waits until the environment of SETUP, CHECK and agents is known, and records its variable names. */
export async function joinEnvironment(worker: Worker): Promise<void> {
  const { environment } = worker;
  if (environment.isJoined) return;
  if (!needsLogin(worker)) {
    environment.isJoined = true;
    return;
  }
  const { prepared, worktree } = stateOf(worker);
  // The session is about to block for unaccepted git programs; before that, none of the person's programs may start.
  if (prepared && (await worker.git.unaccepted(worktree?.path)).length > 0) return;
  const used = usesLogin(worker);
  const login = await (used ? environment.readPatiently() : environment.read());
  if (used && login.kind === 'read') environment.now = withLogin(environment.started, login.env);
  environment.isJoined = true;
  const { lacksVariables = [] } = stateOf(worker);
  const missing = lackedBy(worker, environment.now);
  const lacking = isDeepStrictEqual(missing, lacksVariables) ? [] : lackingNotice(missing);
  const read = { type: 'environment_read', ...(missing.length > 0 && { missing }) } as const;
  if (login.kind === 'unknown') {
    const unread = used && environment.started.SHELL ? [unreadNotice(login.why)] : [];
    const notices: NewEvent[] = lacking.length > 0 ? [{ ...read, names: [], used: false }, ...lacking] : [];
    await record(worker, ...unread, ...notices);
    return;
  }
  const names = Object.keys(login.env).sort();
  const notices = [...unguardedNotices(worker, login.unguarded), ...credentialNotices(worker, login.env)];
  await record(worker, { ...read, names, used }, ...notices, ...lacking);
}

/** The environment of a program of this session in the checkout `to`. @param facts.clis the agent CLIs that it starts */
export async function environmentIn(
  worker: Worker,
  to: string,
  { clis, ...facts }: Partial<ChildFacts> & { clis?: readonly string[] } = {},
): Promise<Record<string, string>> {
  return childEnvironment(worker.env, {
    sessionUlid: worker.file.id,
    iteration: 0,
    ...(await worker.guard.variables(clis)),
    own: await worker.services?.variables(),
    led: { checkouts: worker.checkouts, to },
    ...facts,
  });
}

function lackingNotice(missing: readonly string[]): NewEvent[] {
  if (missing.length === 0) return [];
  const text = `The session was started with ${listed(missing, MAX_NAMED)}, which the environment of this worker and of a login shell lack: SETUP, CHECK and agents now run without ${missing.length === 1 ? 'it' : 'them'}. To keep variables, export them in your shell's startup file; to pass them on once, resume the session where they are set.`;
  return [{ type: 'notice', code: 'variables_missing', text, flow: text }];
}

const MAX_NAMED = 12;

function unreadNotice(why: string): NewEvent {
  const text = `The environment of a login shell is unknown: ${why}. SETUP, CHECK and agents run with that of the program that started the session.`;
  return { type: 'notice', code: 'login_shell_unread', text };
}

/** Reported once per session, before its first agent. */
function unguardedNotices(worker: Worker, why: string | undefined): NewEvent[] {
  if (why === undefined || Object.keys(stateOf(worker).paidBy).length > 0) return [];
  const text = `The start-up files of a login shell ran with your rights, outside of any sandbox: ${why}. An agent without a sandbox may have changed what they run.`;
  return [{ type: 'notice', code: 'login_shell_unguarded', text }];
}

/** Called before the first agent after a start or resume: names the credentials that a later wait would lose. */
function credentialNotices(worker: Worker, login: Record<string, string>): NewEvent[] {
  const { environment, file } = worker;
  const { paidBy, chosen } = stateOf(worker);
  if (Object.keys(paidBy).length > 0) return [];
  const { provider, providers, fallback = [] } = file.settings;
  const own = chosen?.provider === undefined ? [provider, ...Object.values(providers)] : [chosen.provider];
  const missing = [...new Set([...own, ...fallback])]
    .flatMap((name) => credentialNames(name, environment.now))
    .filter((name) => !login[name]);
  if (missing.length === 0) return [];
  const text = `Not in the environment of a login shell: ${missing.join(', ')}. The supervisor continues a session with that environment, for example after a limit, and would then block, because these variables are missing, until you resume it from here. To avoid that, export them in your shell's startup file.`;
  return [{ type: 'notice', code: NOT_IN_LOGIN_SHELL, text }];
}

/** The first sentence of a report about failed commands: variables that SETUP and CHECK did not get; usually empty. */
export async function leftOutBy(worker: Worker): Promise<string> {
  return leftOutOf(worker.env, (await worker.guard.variables()).filter);
}

export function afterLeftOut(leftOut: string, text: string): string {
  return leftOut === '' ? text : `${leftOut} ${text}`;
}

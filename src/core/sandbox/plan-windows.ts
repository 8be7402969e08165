import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { WindowUsed } from '../agents/contract/events.ts';
import type { Provider } from '../agents/contract/provider.ts';
import { credentialNames, providerNamed } from '../agents/registry.ts';
import type { Clock } from '../kernel/clock.ts';
import { configFolder } from '../kernel/config-folder.ts';
import { definedOnly } from '../kernel/defined-only.ts';
import { writeWhole } from '../kernel/files/atomic-file.ts';
import { fingerprint } from '../kernel/files/fingerprint.ts';
import { makeFolder } from '../kernel/files/make-folder.ts';
import { plainJson } from '../kernel/files/plain-file.ts';
import { UsageWindow } from '../kernel/phases/usage-windows.ts';
import { runCommand } from '../kernel/processes/run-command.ts';
import { stateFolderOf } from './cli-state.ts';
import type { HomePlaces } from './home.ts';

const SeenWindow = UsageWindow.extend({
  /** Whose agent printed it: an agent can print anything, so for others nothing is kept or opened by it. */
  session: z.string().optional(),
});
type SeenWindow = z.infer<typeof SeenWindow>;

/** What is known of the windows of one login, for all sessions of this machine. */
const PlanWindows = z.object({
  v: z.literal(1),
  /** A fingerprint of what the CLI says who is logged in; absent if it says nothing. */
  account: z.string().optional(),
  askedAt: z.number().optional(),
  windows: z.array(SeenWindow),
});
type PlanWindows = z.infer<typeof PlanWindows>;

/** Names of the credentials, never a value; for folders that contain a login, a fingerprint of the path. */
export function accountKey(provider: string, env: HomePlaces['env']): string {
  const names = credentialNames(provider, env);
  const folders = names.filter((name) => /_(?:DIR|HOME)$/.test(name)).map((name) => env[name]);
  const hash = fingerprint(folders.join('\0')).slice(0, 8);
  const parts = [provider, ...(names.length > 0 ? names : ['login']), ...(folders.length > 0 ? [hash] : [])];
  return parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '_');
}

/** The windows of the account that a provider would use now, as last seen; those of another login are not its own. */
export async function readPlanWindows(provider: string, home: HomePlaces): Promise<UsageWindow[]> {
  const { windows } = await known(provider, home);
  const newer = (one: SeenWindow) => (other: SeenWindow) =>
    other.window === one.window && other.seenAt > one.seenAt;
  return windows.filter((each) => !windows.some(newer(each)));
}

/** By what a session decides: what the CLI has answered, and what its own agents have printed. */
export async function windowsFor(
  session: string,
  provider: string,
  home: HomePlaces,
): Promise<UsageWindow[]> {
  const { windows } = await known(provider, home);
  return windows.filter((each) => each.session === undefined || each.session === session);
}

/** Keeps the newest figure of each window. Optional: where it cannot be written, nothing is known. */
export async function notePlanWindows(
  provider: string,
  home: HomePlaces,
  seen: readonly SeenWindow[],
): Promise<void> {
  if (seen.length === 0) return;
  const before = await known(provider, home);
  const isSame = (one: SeenWindow, other: SeenWindow) =>
    one.window === other.window && one.session === other.session;
  const newestAt = Math.max(...seen.map(({ seenAt }) => seenAt));
  const older = before.windows.filter(
    (each) => each.endsAt > newestAt && !seen.some((one) => isSame(one, each) && one.seenAt > each.seenAt),
  );
  const newer = seen.filter((one) => !older.some((each) => isSame(one, each)));
  if (newer.length > 0) await write(provider, home, { ...before, windows: [...older, ...newer] });
}

const ASK_EVERY_MS = 5 * 60_000;
const ANSWER_MS = 20_000;

/** Asks the CLI for the windows of its login, unless it was asked in the last five minutes. */
export async function askPlanWindows(
  { name, windows: question, leftovers }: Pick<Provider, 'name' | 'windows' | 'leftovers'>,
  path: string,
  home: HomePlaces,
  clock: Clock,
): Promise<void> {
  if (question === undefined) return;
  const before = await known(name, home);
  if (Math.abs(clock.now() - (before.askedAt ?? 0)) < ASK_EVERY_MS) return;
  // First, so that a CLI that fails or hangs is not asked before each agent.
  if (!(await write(name, home, { ...before, askedAt: clock.now() }))) return;
  const cwd = join(configFolder(home.dir), 'windows', 'empty');
  const answered = new AbortController();
  let answer: readonly WindowUsed[] = [];
  let text = '';
  try {
    makeFolder(cwd, 0o700);
    await runCommand(path, question.args, {
      cwd,
      env: { ...definedOnly(home.env, (each) => !leftovers?.includes(each)), HOME: home.dir },
      input: `${question.input.join('\n')}\n`,
      isInputOpen: true,
      timeoutMs: ANSWER_MS,
      signal: answered.signal,
      output: (chunk, of) => {
        if (of === 'stderr' || answered.signal.aborted) return;
        const lines = `${text}${Buffer.from(chunk).toString('utf8')}`.split('\n');
        text = lines.pop() ?? '';
        if (text.length > MAX_LINE) answered.abort();
        const found = lines.map((line) => question.readLine(line)).find((each) => each !== undefined);
        if (found === undefined) return;
        answer = found;
        answered.abort();
      },
    });
  } catch {
    return;
  }
  await notePlanWindows(
    name,
    home,
    answer.map((each) => ({ ...each, seenAt: clock.now(), from: 'asked' })),
  );
}

const MAX_LINE = 1024 * 1024;

async function known(provider: string, home: HomePlaces): Promise<PlanWindows> {
  const account = await accountOf(provider, home);
  const found = await plainJson(pathOf(provider, home), PlanWindows);
  return found !== undefined && found.account === account ? found : { v: 1, account, windows: [] };
}

/** A fingerprint of the account that a CLI says is logged in; undefined if it does not say so. */
async function accountOf(provider: string, home: HomePlaces): Promise<string | undefined> {
  const { account } = providerNamed(provider).state ?? {};
  const folder = stateFolderOf(provider, home);
  if (account === undefined || folder === undefined) return undefined;
  const schema = account.at.reduceRight<z.ZodType>((inner, key) => z.object({ [key]: inner }), z.string());
  for (const place of [folder, dirname(folder)]) {
    const found = await plainJson(join(place, account.file), schema);
    if (found !== undefined) return fingerprint(JSON.stringify(found)).slice(0, 16);
  }
  return undefined;
}

async function write(provider: string, home: HomePlaces, windows: PlanWindows): Promise<boolean> {
  try {
    const path = pathOf(provider, home);
    makeFolder(dirname(path), 0o700);
    await writeWhole(path, `${JSON.stringify(windows)}\n`, { mode: 0o600 });
    return true;
  } catch {
    // The home folder is read-only or full.
    return false;
  }
}

function pathOf(provider: string, { dir, env }: HomePlaces): string {
  return join(configFolder(dir), 'windows', `${accountKey(provider, env)}.json`);
}

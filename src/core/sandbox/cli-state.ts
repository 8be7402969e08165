import { type Stats, statSync } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { LoginFile, Provider, StateFolder } from '../agents/contract/provider.ts';
import { PROVIDER_ERRORS } from '../agents/contract/provider-errors.ts';
import { allProviders } from '../agents/registry.ts';
import { ifExists, ifThere, orNothing } from '../kernel/errors.ts';
import { contains } from '../kernel/files/contains.ts';
import { makeFolder } from '../kernel/files/make-folder.ts';
import { mayAccess, namesAt, realFolder, statsAt } from '../kernel/files/path-stats.ts';
import { plainText } from '../kernel/files/plain-file.ts';
import { parseJson } from '../kernel/parse-json.ts';
import { realPathAsFar } from '../project/git/real-path.ts';
import { removeAtOnce } from '../project/git/remove-tree.ts';
import { type Mount, readOnly, writable } from './guard/make-guard.ts';
import type { HomePlaces } from './home.ts';

/**
 * Copies the part of the person's settings and login that an agent of a CLI gets into `folder`, which is emptied
 * first.
 * @returns mounts over the real places, in order; their parents exist nowhere inside unless others mount them
 */
export async function copyState(cli: string, home: HomePlaces, folder: string): Promise<Mount[]> {
  await removeAtOnce(folder);
  const state = declaredState(cli);
  if (state === undefined) return [];
  const place = await stateFolderPath(state, home);
  const budget: Budget = { left: MAX_BYTES };
  const beside = await copyBeside(state, home, folder, budget);
  if (state.openBecause !== undefined) return [{ ...writable(place), ifThere: true }, ...beside];
  const copy = stateCopyIn(folder);
  makeFolder(copy, 0o700);
  for (const part of state.parts)
    for (const name of matching(place, part)) await copyPart(join(place, name), join(copy, name), budget);
  if (state.login) await copyLogin(state.login, place, copy);
  const shown = (state.shown ?? []).flatMap((name) => {
    const from = realFolder(join(place, name));
    return from === undefined ? [] : [{ ...readOnly(join(place, name)), from }];
  });
  return [{ ...writable(place), from: copy }, ...shown, ...beside];
}

/** The path of the copy of a CLI's state folder while its agent runs, and until its records are read. */
export function stateCopyIn(folder: string): string {
  return join(folder, 'state');
}

/** A CLI's state folder outside the sandbox; undefined if it has none. */
export function stateFolderOf(cli: string, { dir, env }: HomePlaces): string | undefined {
  const state = declaredState(cli);
  if (state === undefined) return undefined;
  return variableIn(env, state.variable) ?? join(variableIn(env, state.homeVariable) ?? dir, state.folder);
}

export function stateFolders(home: HomePlaces): string[] {
  return allProviders().flatMap(({ name }) => stateFolderOf(name, home) ?? []);
}

/** CLIs among these whose real state folder agents can write, and why. */
export function openStates(clis: readonly string[]): { title: string; why: string }[] {
  return allProviders()
    .filter(({ name }) => clis.includes(name))
    .flatMap(({ title, state }) =>
      state?.openBecause === undefined ? [] : [{ title, why: state.openBecause }],
    );
}

/** The content of a login file for agents, without the tokens that renew the login. */
function loginForAgents(login: unknown, { keep, refresh, lasting = [] }: LoginFile): object {
  const without = (key: string, value: unknown) => (refresh.keys.includes(key) ? refresh.as : value);
  const entries = Object.entries(Object(login))
    .filter(([key]) => keep?.includes(key) ?? true)
    .map(([key, value]): [string, unknown] => {
      if (lasting.includes(key) || value === null) return [key, value];
      const text = JSON.stringify({ [key]: value }, without);
      return [key, Object(parseJson(text))[key]];
    });
  return Object.fromEntries(entries);
}

function declaredState(cli: string): StateFolder | undefined {
  return allProviders().find(({ name }) => name === cli)?.state;
}

function variableIn(env: HomePlaces['env'], name: string | undefined): string | undefined {
  return (name !== undefined && env[name]) || undefined;
}

/** The path that the CLI opens. Only its parents are resolved: a link in its place does not exist inside. */
async function stateFolderPath(state: StateFolder, { dir, env }: HomePlaces): Promise<string> {
  const path =
    variableIn(env, state.variable) ?? join(variableIn(env, state.homeVariable) ?? dir, state.folder);
  return await withRealParent(path);
}

async function withRealParent(path: string): Promise<string> {
  return join(await realPathAsFar(dirname(path)), path.slice(dirname(path).length));
}

async function copyBeside(
  { beside = [], homeVariable }: StateFolder,
  { dir, env }: HomePlaces,
  folder: string,
  budget: Budget,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const [index, name] of beside.entries()) {
    const path = await withRealParent(join(variableIn(env, homeVariable) ?? dir, name));
    const from = join(folder, `beside-${index}`);
    await copyPart(path, from, budget);
    if (statsAt(from) !== undefined) mounts.push({ ...writable(path), from });
  }
  return mounts;
}

/** The entries that a part names: an asterisk is allowed in its last name. */
function matching(place: string, part: string): string[] {
  if (!part.includes('*')) return [part];
  const [above, last] = [dirname(part), part.slice(part.lastIndexOf('/') + 1)];
  const pattern = new RegExp(`^${last.split('*').map(escaped).join('.*')}$`);
  return (orNothing(() => namesAt(join(place, above))) ?? [])
    .filter((name) => pattern.test(name))
    .map((name) => join(above, name));
}

function escaped(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
}

const MAX_LOGIN_BYTES = 1024 * 1024;

/** A file that is not JSON is not copied: the part of it that renews the login is unknown. */
async function copyLogin(login: LoginFile, place: string, copy: string): Promise<void> {
  const path = realFolder(join(place, login.file));
  const read = path === undefined ? undefined : parseJson((await plainText(path, MAX_LOGIN_BYTES)) ?? '');
  if (typeof read !== 'object' || read === null) return;
  const to = join(copy, login.file);
  await writeFile(to, JSON.stringify(loginForAgents(read, login)), { mode: 0o600 });
}

/** Large enough for settings and skills. A start copies them, and must not fill the disk. */
const MAX_BYTES = 200 * 1024 * 1024;
/** The minimum that a file or folder counts for, which also bounds their number. */
const BLOCK_BYTES = 4096;

interface Budget {
  left: number;
}

interface Copying {
  budget: Budget;
  /** The part that an error names. */
  part: string;
  /** The real folders that this entry is in, from the part's own folder on. */
  above: readonly string[];
}

async function copyPart(path: string, to: string, budget: Budget): Promise<void> {
  const root = realFolder(dirname(path));
  if (root === undefined) return;
  makeFolder(dirname(to), 0o700);
  await copyEntry(path, to, { budget, part: path, above: [root] });
}

/** Skips sockets, pipes, broken links and files that this user may not read. */
async function copyEntry(path: string, to: string, copying: Copying): Promise<void> {
  const found = followed(path, copying);
  if (found === undefined) return;
  const { real, stats } = found;
  const { budget, part, above } = copying;
  budget.left -= Math.max(BLOCK_BYTES, stats.isFile() ? stats.size : 0);
  if (budget.left < 0) throw PROVIDER_ERRORS.state_too_large({ part, megabytes: MAX_BYTES / 1024 ** 2 });
  if (stats.isFile()) {
    await ifExists(copyFile(real, to).then(() => chmod(to, stats.mode & 0o100 ? 0o700 : 0o600)));
    return;
  }
  await mkdir(to, { mode: 0o700 });
  for (const name of namesAt(real) ?? [])
    await copyEntry(join(real, name), join(to, name), { ...copying, above: [...above, real] });
}

/**
 * The file or folder at a path. A link to a folder elsewhere counts only as a part or directly in one, as skills are
 * installed; a link to a folder above would have no end.
 */
function followed(path: string, { above }: Copying): { real: string; stats: Stats } | undefined {
  const isLink = statsAt(path)?.isSymbolicLink() === true;
  const real = realFolder(path);
  if (real === undefined || !mayAccess(real, READ)) return undefined;
  const stats = ifThere(() => statSync(real));
  if (stats === undefined || (!stats.isFile() && !stats.isDirectory())) return undefined;
  if (!isLink || stats.isFile()) return { real, stats };
  const isNear = above.length <= 2 || contains(above[0] ?? '', real);
  return isNear && !above.some((folder) => contains(real, folder)) ? { real, stats } : undefined;
}

const READ = 4;

const MAX_SETTINGS_BYTES = 1024 * 1024;

const Settings = z.record(z.string(), z.unknown());

/**
 * The places that the environment and the settings of these CLIs name for their logins, such as `~/.aws` for
 * Bedrock: read-only for their agents.
 * @returns absolute real paths that exist
 */
export async function loginPlaces(home: HomePlaces, clis: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const { name, loginFiles } of allProviders().filter((provider) => clis.includes(provider.name))) {
    if (loginFiles === undefined) continue;
    const settings = await settingsOf(
      join(stateFolderOf(name, home) ?? '/', loginFiles.settings),
      loginFiles.env,
    );
    const env = { ...settings.env, ...home.env };
    const used = loginFiles.services.filter(({ variable }) => env[variable]);
    const places = [
      ...used.flatMap(({ folders, named = [] }) => [...folders, ...named.map((each) => env[each])]),
      // A command line: its program, which may be a script below home.
      ...loginFiles.commands.map((key) => /^\S+/.exec(String(settings.all[key] ?? ''))?.[0]),
    ];
    for (const path of places) {
      const real =
        path && realFolder(path.startsWith('/') ? path : join(home.dir, path.replace(/^(?:~|\$HOME)\//, '')));
      if (real) found.add(real);
    }
  }
  return [...found];
}

async function settingsOf(path: string, key: string) {
  const all = Settings.safeParse(parseJson(await readText(path))).data ?? {};
  const env = z.record(z.string(), z.string()).safeParse(all[key]).data ?? {};
  return { all, env };
}

/**
 * Names of set variables that these CLIs need besides their own: those that their settings files name, such as a key of
 * a model service, and those of a cloud whose models they use.
 */
export async function variablesOfClis(clis: readonly string[], env: HomePlaces['env']): Promise<string[]> {
  const names = Object.keys(env);
  const found = allProviders()
    .filter(({ name }) => clis.includes(name))
    .map(async (cli) => {
      const text = (await Promise.all(settingsPaths(cli, env).map(readText))).join('\n');
      const words = new Set(text.match(/\w+/g));
      const inUse = Object.entries(cli.clouds ?? {}).filter(([name]) => env[name] || words.has(name));
      return names.filter((name) => words.has(name) || inUse.some(([, variables]) => variables.test(name)));
    });
  return (await Promise.all(found)).flat();
}

async function readText(path: string): Promise<string> {
  // Settings are often links into a folder under version control.
  return (await plainText(realFolder(path) ?? path, MAX_SETTINGS_BYTES)) ?? '';
}

function settingsPaths({ settingsFiles = [], state }: Provider, env: HomePlaces['env']): string[] {
  const { folder = '', variable = '', homeVariable = '' } = state ?? {};
  const home = env[homeVariable] || env.HOME || '/';
  const moved = env[variable];
  return settingsFiles.map((name) =>
    moved && name.startsWith(`${folder}/`) ? join(moved, name.slice(folder.length)) : join(home, name),
  );
}

import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { areConfined } from '../../agents/registry.ts';
import { stateRootFor } from '../../kernel/config-folder.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import { visibleControls } from '../../kernel/text.ts';
import { pathInside, realPathAsFar } from '../../project/git/real-path.ts';
import { removeAtOnce } from '../../project/git/remove-tree.ts';
import { forgeLoginIsHidden } from '../../project/settings/forge-login.ts';
import { sandboxFolders } from '../../project/worktrees/sandbox-folders.ts';
import {
  copyState,
  loginPlaces,
  stateCopyIn,
  stateFolderOf,
  variablesOfClis,
} from '../../sandbox/cli-state.ts';
import { type EgressProxy, egressRules, openEgressProxy } from '../../sandbox/egress-proxy.ts';
import type { Guard } from '../../sandbox/guard/make-guard.ts';
import { guardOf } from '../../sandbox/guard-of.ts';
import { freshHome, type HomePlaces } from '../../sandbox/home.ts';
import {
  findProtectedPlaces,
  type GuardedOn,
  type GuardPart,
  type GuardPlaces,
  type SessionGit,
  type SessionPlaces,
} from '../../sandbox/places.ts';
import { makePrivateGit } from '../../sandbox/private-git/make-private-git.ts';
import { basePlace, privateGitIn } from '../../sandbox/private-git/private-git.ts';
import { type ActiveGuard, type GuardNow, guardFor, printOf } from '../../sandbox/probe-guard.ts';
import type { ChildFacts } from '../../sandbox/programs/environment.ts';
import type { LaunchReason } from '../../sandbox/programs/launch-worker.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { agentChoice, type Chooser } from './agent-choice.ts';
import type { GitGuard } from './git-guard.ts';

interface Guarded extends Chooser {
  readonly paths: Pick<SessionPaths, 'sessionDir' | 'runDir'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly rehearsalProgram: string;
  readonly git: GitGuard;
  readonly wake: Pick<LaunchReason, 'testedGuard'>;
}

/** The sandbox for agents, SETUP and CHECK: tested once, again at a resume, and if its program is another one. */
export class WorkerGuard {
  readonly #worker: Guarded;
  #now: Promise<GuardNow> | undefined;
  #mustTest = false;
  readonly #egress = new Map<PortSet, { key: string; opened: Promise<Egress> }>();
  /** The ports of the session's services, in its worktree and clones, and beside agents on the base commit. */
  served: Readonly<Record<PortSet, readonly number[]>> = { own: [], base: [] };
  readonly #refused = { agent: new Map<string, string>(), others: new Map<string, string>() };
  /** From before the start of an agent until its tree has ended: then what the worktree asks for is the agent's. */
  agentRuns = false;

  constructor(worker: Guarded) {
    this.#worker = worker;
  }

  /**
   * The guard for programs in the session's worktree, with its home and the private git folder prepared; undefined if
   * unavailable or disabled. Call it only while nothing of the session is running there.
   * @param wanted.worktree given if it is not recorded yet
   * @param wanted.cli the agent's CLI; absent for SETUP and CHECK
   * @param wanted.shown further files that it reads
   */
  async inWorktree({
    worktree = this.#worker.writer.state.worktree,
    cli,
    shown = [],
  }: {
    worktree?: { path: string; branch: string };
    cli?: { name: string; path: string | undefined };
    shown?: readonly string[];
  } = {}): Promise<Guard | undefined> {
    const now = await this.now();
    if (now.level === 'none') return undefined;
    const { tool } = now;
    const places = await this.#places();
    const session = worktree && (await sessionPlaces(this.#worker.paths, worktree, places));
    if (tool.kind !== 'bwrap') return guardOf(tool, { ...places, session });
    const git = session && (await this.#privateGit(session, places));
    const all = { ...places, session: session && { ...session, git } };
    const folders = await this.folders();
    freshHome(places.home.dir, folders.home);
    await makeEmpty(folders.tmp, 0o1777);
    const egress = now.level === 'strict' ? await this.egress() : {};
    const states =
      cli === undefined ? [] : await copyState(cli.name, places.home, join(folders.own, 'state'));
    const clis = cli === undefined ? [] : [cli];
    const login = await loginPlaces(
      places.home,
      clis.map(({ name }) => name),
    );
    return guardOf(tool, all, { ...folders, ...egress, clis, states, shown: [...shown, ...login] });
  }

  /**
   * The guard for commands that prove a commit, and the paths it hides; undefined without a guard.
   * @param set the ports that are open in a strict sandbox
   */
  async ofProof(set: PortSet = 'own'): Promise<ActiveGuard | undefined> {
    const now = await this.now();
    if (now.level === 'none') return undefined;
    const guard = { ...now, places: await this.#places() };
    if (now.level !== 'strict') return guard;
    const { net, ports } = await this.egress(set);
    return { ...guard, egress: { net, ports } };
  }

  /**
   * The egress proxy of this session's strict sandbox; opened once, even for an agent of an earlier worker, and again if
   * the ports of services changed. Agents never reach services beside which the base commit is checked.
   */
  async egress(set: PortSet = 'own'): Promise<Egress> {
    const refused = (target: string, why: string) => {
      const of = this.#refused[set === 'own' && this.agentRuns ? 'agent' : 'others'];
      if (of.size < MAX_REFUSED) of.set(target.slice(0, 100), why);
    };
    const served = this.served[set];
    const key = served.join(',');
    const before = this.#egress.get(set);
    if (before?.key === key) return await before.opened;
    const closed = before?.opened.then(({ close }) => close()).catch(() => undefined);
    const opened = Promise.resolve(closed).then(() =>
      this.#openEgress(NET_FOLDERS[set], { ports: served, refused }),
    );
    const entry = { key, opened };
    this.#egress.set(set, entry);
    opened.catch(() => this.#egress.get(set) === entry && this.#egress.delete(set));
    return await opened;
  }

  /** Which variables SETUP, CHECK and agents of these CLIs get. */
  async variables(clis: readonly string[] = []): Promise<Pick<ChildFacts, 'filter'>> {
    const { sandbox, openings } = this.#worker.file.settings;
    const isStrict = sandbox === 'strict';
    if (!isStrict && (await this.now()).level === 'none') return {};
    const env = [...openings.env, ...(await variablesOfClis(clis, this.#worker.env))];
    return { filter: { isStrict, env, clis } };
  }

  async hidesForgeLogin(): Promise<boolean> {
    const { file, writer } = this.#worker;
    const { configPath, issue } = file;
    return await forgeLoginIsHidden({ configPath, issue, ...writer.state });
  }

  /** The connections refused since the last call, to an agent or to SETUP, checks and the like: `host:port`, and why. */
  takeRefused(of: 'agent' | 'others'): string[] {
    const refused = [...this.#refused[of]].map(([target, why]) =>
      oneLine(visibleControls(`${target} ${why}`)),
    );
    this.#refused[of].clear();
    return refused;
  }

  /** Where the CLI of the agent that ran last has its records; ask before `tidy`. */
  async stateFolder(cli: string): Promise<string | undefined> {
    const copy = stateCopyIn(join((await this.folders()).own, 'state'));
    return statsAt(copy) ? copy : stateFolderOf(cli, await this.home());
  }

  /** Removes the temporary files of an ended agent, and the copies of its CLI's state. */
  async tidy(): Promise<void> {
    const { own, tmp } = await this.folders();
    for (const folder of [join(own, 'state'), tmp]) await removeAtOnce(folder);
  }

  /**
   * Call it once no process of the session is running.
   * @param isOver no agent will need its home
   */
  async leave({ isOver }: { isOver: boolean }): Promise<void> {
    for (const { opened } of this.#egress.values())
      await opened.then(({ close }) => close()).catch(() => undefined);
    this.#egress.clear();
    const { own } = await this.folders();
    for (const folder of isOver ? [own] : LEFT_BEHIND.map((name) => join(own, name)))
      await removeAtOnce(folder);
  }

  /** The providers of all its phases, and those that may take over. */
  providers(): string[] {
    const own = PHASE_NAMES.map((phase) => agentChoice(this.#worker, phase).provider.name);
    return [...own, ...(this.#worker.file.settings.fallback ?? [])];
  }

  async home(): Promise<HomePlaces> {
    const { env } = this.#worker;
    return { dir: await realPathAsFar(env.HOME ?? '/'), env };
  }

  /** Forces a new test: a person may have repaired or changed the machine. */
  forget(): void {
    this.#mustTest = true;
    this.#now = undefined;
  }

  /** Call it before an agent and before checks: an update may have replaced the program of the guard. */
  async forgetReplaced(): Promise<void> {
    const now = await this.#now;
    if (now !== undefined && now.level !== 'none' && printOf(now.tool) !== now.tested) this.forget();
  }

  async level(): Promise<SandboxLevel> {
    const { level } = await this.now();
    if (level !== 'none') return level;
    return areConfined(this.providers(), this.#worker.file.settings.permissions)
      ? 'provider sandbox'
      : 'none';
  }

  async now(): Promise<GuardNow> {
    this.#now ??= this.#probe().catch((error: unknown) => {
      this.#now = undefined;
      throw error;
    });
    return await this.#now;
  }

  /** Absolute paths without links. */
  async folders(): Promise<Record<'own' | 'home' | 'tmp' | 'caches', string>> {
    const { worktreesDir, folder } = this.#worker.file;
    const { own, caches } = sandboxFolders(await realPathAsFar(worktreesDir), folder);
    for (const path of [join(own, 'home'), caches]) makeFolder(path, 0o700);
    return { own, home: join(own, 'home'), tmp: join(own, 'tmp'), caches };
  }

  async #probe(): Promise<GuardNow> {
    const tested = this.#mustTest ? undefined : this.#worker.wake.testedGuard;
    return await guardFor(this.#worker.file, { ...this.#here(), tested });
  }

  /** Read each time, because the person may have added a checkout. */
  async #places(): Promise<GuardPlaces> {
    return await findProtectedPlaces(this.#worker.file, this.#here());
  }

  #here(): GuardedOn {
    const { file, env, rehearsalProgram, git } = this.#worker;
    return {
      env,
      home: env.HOME ?? '/',
      stateRoot: stateRootFor(file.sessionsDir),
      programFolder: dirname(rehearsalProgram),
      commonDir: () => git.sharedDir(),
    };
  }

  async #privateGit({ gitDir, branch }: SessionPlaces, { commonDir }: GuardPlaces): Promise<SessionGit> {
    const { paths, git: ofPerson } = this.#worker;
    const runDir = await realPathAsFar(paths.runDir);
    const git = privateGitIn(runDir);
    const bound = await makePrivateGit({ git, commonDir, gitDir, branch }, ofPerson.context);
    const { dir } = git;
    return { runDir, dir, bound, objects: basePlace(dir, 'objects'), lfs: basePlace(dir, 'lfs') };
  }

  async #openEgress(
    folder: string,
    opens: { ports: readonly number[]; refused: (target: string, why: string) => void },
  ): Promise<Egress> {
    const { file, env } = this.#worker;
    const { own } = await this.folders();
    const rules = egressRules(file.settings.openings, this.providers(), env);
    const ports = [...new Set([...rules.ports, ...opens.ports])];
    const net = join(own, folder);
    const { close } = await openEgressProxy(net, { ...rules, ports }, opens.refused);
    return { net, ports, close };
  }
}

const MAX_REFUSED = 20;

/** `own`: of the worktree and of clones of the branch; `base`: of clones of the base commit. */
export type PortSet = 'own' | 'base';
const NET_FOLDERS = { own: 'net', base: 'net-base' } as const;

/** Folders beside a session's home that nothing needs while it rests. */
const LEFT_BEHIND = [...Object.values(NET_FOLDERS), 'tmp', 'services-tmp', 'state'];

type Egress = Required<Pick<GuardPart, 'net' | 'ports'>> & EgressProxy;

export async function makeEmpty(folder: string, mode: number): Promise<void> {
  await removeAtOnce(folder);
  makeFolder(folder);
  chmodSync(folder, mode);
}

async function sessionPlaces(
  { sessionDir }: Pick<SessionPaths, 'sessionDir'>,
  worktree: { path: string; branch: string },
  { commonDir }: GuardPlaces,
): Promise<SessionPlaces | undefined> {
  const pointed = await gitDirOf(worktree.path);
  if (pointed === undefined) return undefined;
  const gitDir = await realPathAsFar(pointed);
  // An agent that ran without a guard may have redirected `.git`, and this guard allows access to the paths found here.
  if (!pathInside(commonDir, gitDir)?.startsWith('worktrees/')) return undefined;
  return {
    sessionDir: await realPathAsFar(sessionDir),
    worktree: await realPathAsFar(worktree.path),
    gitDir,
    branch: worktree.branch,
  };
}

import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { areConfined } from '../../agents/registry.ts';
import { gitDirOf } from '../../kernel/files/git-pointer.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { PHASE_NAMES } from '../../kernel/phases/table.ts';
import type { SandboxLevel } from '../../kernel/sandbox-level.ts';
import { visibleControls } from '../../kernel/text.ts';
import { pathInside, realPathAsFar } from '../../project/git/real-path.ts';
import { removeAtOnce } from '../../project/git/remove-tree.ts';
import { forgeLoginIsHidden } from '../../project/settings/forge-login.ts';
import { sandboxFolders } from '../../project/worktrees/sandbox-folders.ts';
import { copyState, stateCopyIn, stateFolderOf } from '../../sandbox/cli-state.ts';
import { type EgressProxy, openEgressProxy } from '../../sandbox/egress-proxy.ts';
import { egressRules } from '../../sandbox/egress-rules.ts';
import type { Guard } from '../../sandbox/guard/make-guard.ts';
import { guardOf } from '../../sandbox/guard-of.ts';
import type { GuardPart, SessionGit, SessionPlaces } from '../../sandbox/guard-profile.ts';
import type { HomePlaces } from '../../sandbox/home-places.ts';
import { loginPlaces } from '../../sandbox/login-places.ts';
import { makePrivateGit, type UsersRefs, usersRefs } from '../../sandbox/private-git/make-private-git.ts';
import { basePlace, privateGitIn } from '../../sandbox/private-git/private-git.ts';
import { type GuardNow, probeGuard, SWITCHED_OFF } from '../../sandbox/probe-guard.ts';
import type { ChildFacts } from '../../sandbox/programs/environment.ts';
import type { Wake } from '../../sandbox/programs/launch-worker.ts';
import { variablesOfClis } from '../../sandbox/programs/variables-of-clis.ts';
import type { ProofGuard } from '../../sandbox/proof-place.ts';
import { findProtectedPlaces, type ProtectedPlaces } from '../../sandbox/protected-places.ts';
import { freshHome } from '../../sandbox/session-home.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import { runRoot, type SessionPaths } from '../../session/layout/paths.ts';
import { agentChoice, type Chooser } from './agent-choice.ts';
import type { GitGuard } from './git-guard.ts';

interface Place {
  path: string;
  branch: string;
}

/** The parts of a `Worker` that the guard uses. */
interface Guarded extends Chooser {
  readonly paths: Pick<SessionPaths, 'sessionDir' | 'runDir'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly rehearsalProgram: string;
  readonly git: GitGuard;
  readonly wake: Pick<Wake, 'testedGuard'>;
}

interface GuardOptions {
  /** Given if it is not recorded yet. */
  worktree?: Place;
  /** The agent's CLI; absent for SETUP and CHECK. */
  cli?: { name: string; path: string | undefined };
  /** Further files that it reads. */
  shown?: readonly string[];
}

/** The sandbox for agents, SETUP and CHECK: tested once, by the act if this is a new session, and again at a resume. */
export class WorkerGuard {
  #now: Promise<GuardNow> | undefined;
  #mustTest = false;
  readonly #egress = new Map<PortSet, { key: string; opened: Promise<Egress> }>();
  /** The ports of the session's services, in its worktree and clones, and beside agents on the base commit. */
  served: Readonly<Record<PortSet, readonly number[]>> = { own: [], base: [] };
  readonly #refused = { agent: new Map<string, string>(), others: new Map<string, string>() };
  /** From before the start of an agent until its tree has ended: then what the worktree asks for is the agent's. */
  agentRuns = false;

  /**
   * The guard for programs in the session's worktree, with its home and the private git folder prepared; undefined if
   * unavailable or disabled. Call it only while nothing of the session is running there.
   */
  async guard(worker: Guarded, options: GuardOptions = {}): Promise<Guard | undefined> {
    const { worktree = worker.writer.state.worktree, cli, shown = [] } = options;
    const now = await this.now(worker);
    if (now.level === 'none') return undefined;
    const [places, refs] = await Promise.all([
      this.#placesOf(worker),
      worker.git.sharedDir().then((dir) => usersRefs(dir, worker.git.context)),
    ]);
    const session = worktree && (await sessionPlaces(worker, worktree, places));
    if (now.maker.tool.kind !== 'bwrap') return guardOf(now.maker, { ...places, session });
    const git = session && (await gitOf(worker, session, { ...places, refs }));
    const all = { ...places, session: session && { ...session, git } };
    const folders = await guardFolders(worker);
    freshHome(places.home.dir, folders.home);
    await emptied(folders.tmp, 0o1777);
    const egress = now.level === 'strict' ? await this.egress(worker) : {};
    const states =
      cli === undefined ? [] : await copyState(cli.name, places.home, join(folders.own, 'state'));
    const clis = cli === undefined ? [] : [cli];
    const login = await loginPlaces(
      places.home,
      clis.map(({ name }) => name),
    );
    return guardOf(now.maker, all, { ...folders, ...egress, clis, states, shown: [...shown, ...login] });
  }

  /**
   * The guard for commands that prove a commit, and the paths it hides; undefined without a guard.
   * @param set the ports that are open in a strict sandbox
   */
  async ofProof(worker: Guarded, set: PortSet = 'own'): Promise<ProofGuard> {
    const now = await this.now(worker);
    if (now.level === 'none') return undefined;
    const own = { ...now, places: await this.#placesOf(worker) };
    if (now.level !== 'strict') return { now: own };
    const { net, ports } = await this.egress(worker, set);
    return { now: own, egress: { net, ports } };
  }

  /**
   * The egress proxy of this session's strict sandbox; opened once, even for an agent of an earlier worker, and again if
   * the ports of services changed. Agents never reach services beside which the base commit is checked.
   */
  async egress(worker: Guarded, set: PortSet = 'own'): Promise<Egress> {
    const refused = (target: string, why: string) => {
      const of = this.#refused[set === 'own' && this.agentRuns ? 'agent' : 'others'];
      if (of.size < MAX_REFUSED) of.set(target.slice(0, 100), why);
    };
    const served = this.served[set];
    const key = served.join(',');
    const before = this.#egress.get(set);
    if (before?.key === key) return await before.opened;
    const closed = before?.opened.then(({ close }) => close()).catch(() => undefined);
    const opened = Promise.resolve(closed)
      .then(() => openEgress(worker, NET_FOLDERS[set], { ports: served, refused }))
      .catch((error: unknown) => {
        this.#egress.delete(set);
        throw error;
      });
    this.#egress.set(set, { key, opened });
    return await opened;
  }

  /** Which variables SETUP, CHECK and agents of these CLIs get. */
  async variables(worker: Guarded, clis: readonly string[] = []): Promise<Pick<ChildFacts, 'admits'>> {
    const { sandbox, openings } = worker.file.settings;
    const isStrict = sandbox === 'strict';
    if (!isStrict && (await this.now(worker)).level === 'none') return {};
    const env = [...openings.env, ...(await variablesOfClis(clis, worker.env))];
    return { admits: { isStrict, env, clis } };
  }

  async hidesForgeLogin({ file: { configPath, issue }, writer: { state } }: Guarded): Promise<boolean> {
    return await forgeLoginIsHidden({ configPath, issue, ...state });
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
  async stateFolder(worker: Guarded, cli: string): Promise<string | undefined> {
    const copy = stateCopyIn(join((await guardFolders(worker)).own, 'state'));
    return statsAt(copy) ? copy : stateFolderOf(cli, await this.home(worker));
  }

  /** Removes the temporary files of an ended agent, and the copies of its CLI's state. */
  async tidy(worker: Guarded): Promise<void> {
    const { own, tmp } = await guardFolders(worker);
    for (const folder of [join(own, 'state'), tmp]) await removeAtOnce(folder);
  }

  /**
   * Call it once no process of the session is running.
   * @param isOver no agent will need its home
   */
  async leave(worker: Guarded, { isOver }: { isOver: boolean }): Promise<void> {
    for (const { opened } of this.#egress.values())
      await opened.then(({ close }) => close()).catch(() => undefined);
    this.#egress.clear();
    const { own } = await guardFolders(worker);
    for (const folder of isOver ? [own] : LEFT_BEHIND.map((name) => join(own, name)))
      await removeAtOnce(folder);
  }

  /** The providers of all its phases, and those that may take over. */
  providers(worker: Guarded): string[] {
    return providersOf(worker);
  }

  async home({ env }: Guarded): Promise<HomePlaces> {
    return { dir: await realPathAsFar(env.HOME ?? '/'), env };
  }

  /** Forces a new test: a person may have repaired or changed the machine. */
  forget(): void {
    this.#mustTest = true;
    this.#now = undefined;
  }

  async level(worker: Guarded): Promise<SandboxLevel> {
    const { level } = await this.now(worker);
    if (level !== 'none') return level;
    return areConfined(providersOf(worker), worker.file.settings.permissions) ? 'provider sandbox' : 'none';
  }

  async now(worker: Guarded): Promise<GuardNow> {
    if (worker.file.settings.sandbox === 'off') return SWITCHED_OFF;
    this.#now ??= this.#probe(worker).catch((error: unknown) => {
      this.#now = undefined;
      throw error;
    });
    return await this.#now;
  }

  async #probe(worker: Guarded): Promise<GuardNow> {
    const tested = this.#mustTest ? undefined : worker.wake.testedGuard;
    return await probeGuard(await this.#placesOf(worker), { env: worker.env, tested });
  }

  async #placesOf(worker: Guarded): Promise<ProtectedPlaces> {
    const { file, env, rehearsalProgram, git } = worker;
    const { mainRepo, sessionsDir, worktreesDir, settings } = file;
    // Read each time, because the person may have added a checkout.
    const places = await findProtectedPlaces(
      {
        mainRepo,
        sessionsDir,
        worktreesDir,
        runRoot: runRoot(sessionsDir),
        homeDir: env.HOME ?? '/',
        programFolder: dirname(rehearsalProgram),
        openings: settings.openings,
        isStrict: settings.sandbox === 'strict',
        commonDir: await git.sharedDir(),
      },
      git.context,
    );
    return { ...places, home: { ...places.home, env } };
  }
}

const MAX_REFUSED = 20;

/** `own`: of the worktree and of clones of the branch; `base`: of clones of the base commit. */
export type PortSet = 'own' | 'base';
const NET_FOLDERS = { own: 'net', base: 'net-base' } as const;

/** Folders beside a session's home that nothing needs while it rests. */
const LEFT_BEHIND = [...Object.values(NET_FOLDERS), 'tmp', 'services-tmp', 'state'];

type Egress = Required<Pick<GuardPart, 'net' | 'ports'>> & EgressProxy;

/** Absolute paths without links. */
export async function guardFolders({
  file,
}: Guarded): Promise<Record<'own' | 'home' | 'tmp' | 'caches', string>> {
  const { own, caches } = sandboxFolders(await realPathAsFar(file.worktreesDir), file.folder);
  for (const folder of [join(own, 'home'), caches]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { own, home: join(own, 'home'), tmp: join(own, 'tmp'), caches };
}

async function openEgress(
  worker: Guarded,
  folder: string,
  opens: { ports: readonly number[]; refused: (target: string, why: string) => void },
): Promise<Egress> {
  const { file, env } = worker;
  const { own } = await guardFolders(worker);
  const rules = egressRules(file.settings.openings, providersOf(worker), env);
  const ports = [...new Set([...rules.ports, ...opens.ports])];
  const net = join(own, folder);
  const { close } = await openEgressProxy(net, { ...rules, ports }, opens.refused);
  return { net, ports, close };
}

export async function emptied(folder: string, mode: number): Promise<void> {
  await removeAtOnce(folder);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, mode);
}

async function gitOf(
  { paths, git: { context } }: Guarded,
  { gitDir, branch }: SessionPlaces,
  { commonDir, refs }: Pick<ProtectedPlaces, 'commonDir'> & { refs: UsersRefs },
): Promise<SessionGit> {
  const runDir = await realPathAsFar(paths.runDir);
  const git = privateGitIn(runDir);
  const bound = await makePrivateGit({ git, commonDir, gitDir, branch }, refs, context);
  const { dir } = git;
  return { runDir, dir, bound, objects: basePlace(dir, 'objects'), lfs: basePlace(dir, 'lfs') };
}

function providersOf(worker: Guarded): string[] {
  const own = PHASE_NAMES.map((phase) => agentChoice(worker, phase).provider.name);
  return [...own, ...(worker.file.settings.fallback ?? [])];
}

async function sessionPlaces(
  worker: Guarded,
  worktree: Place,
  { commonDir }: ProtectedPlaces,
): Promise<SessionPlaces | undefined> {
  const pointed = await gitDirOf(worktree.path);
  if (pointed === undefined) return undefined;
  const gitDir = await realPathAsFar(pointed);
  // An agent that ran without a guard may have redirected `.git`, and this guard allows access to the paths found here.
  if (!pathInside(commonDir, gitDir)?.startsWith('worktrees/')) return undefined;
  return {
    sessionDir: await realPathAsFar(worker.paths.sessionDir),
    worktree: await realPathAsFar(worktree.path),
    gitDir,
    branch: worktree.branch,
  };
}

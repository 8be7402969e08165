import { join } from 'node:path';
import { ulid } from 'ulid';
import { type GitResult, runGit } from '../../../core/project/git/git.ts';
import { GIT_ERRORS } from '../../../core/project/git/git-errors.ts';
import type { Setting } from '../../../core/project/git/git-programs.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import type { Oid } from './board.ts';

/** The prefix of a pool's refs in the code and in the local repository. */
export const POOL_REFS = 'refs/samocode/pool/';
/** The prefix on servers that accept only branches and tags. */
export const POOL_BRANCHES = 'refs/heads/samocode-pool/';

/** The ref on the server that carries a state. Only the database says which state counts. */
export function parcelRef(id: string, state: Oid): string {
  return `${parcelsOf(id)}${state}`;
}

/** @param id `*` for those of all sessions */
export function parcelsOf(id: string): string {
  return `${POOL_REFS}states/${id}/`;
}

/** The local ref that keeps the objects of a session's state. */
export function sessionRef(id: string): string {
  return `${POOL_REFS}sessions/${id}`;
}

export interface RemotePlace {
  url: string;
  /** The prefix of the pool's refs on the server. */
  prefix: typeof POOL_REFS | typeof POOL_BRANCHES;
  git: GitContext & { cwd: string };
  limitMs: number;
}

/** How git is called for the remote of a project. */
export function remoteGit(mainRepo: string, baseEnv: GitContext['baseEnv']): RemotePlace['git'] {
  return { cwd: mainRepo, baseEnv };
}

export type Push = 'moved' | 'refused' | 'unreachable';
export type Probed = 'works' | 'declined' | 'read_only' | 'unreachable';

/** A server's answer when another push won the race; any other rejection is the server's policy. */
const LOST_RACE =
  /stale info|fetch first|cannot lock ref|failed to update ref|failed to lock|already exists|incorrect old value/;

// Override the user's own settings for push and fetch.
const PUSH = ['--porcelain', '--no-verify', '--no-follow-tags', '--no-signed', '--recurse-submodules=no'];
const FETCH = ['--quiet', '--no-write-fetch-head', '--no-tags', '--no-recurse-submodules'];
/** A server's answer when it does not have a commit. */
const NOT_THERE = /not our ref|unadvertised object|couldn't find remote ref/;
const RECEIVE = '--receive-pack=git-receive-pack';
const UPLOAD = '--upload-pack=git-upload-pack';

/** What a pool that was joined needs of its remote. */
export type PoolRemote = Pick<GitRemote, 'move' | 'list' | 'nameOf' | 'fetch'>;

/** The git remote of a pool, which carries states from machine to machine. Each has a ref of its own. */
export class GitRemote {
  readonly #place: RemotePlace;
  #fetching: Promise<unknown> = Promise.resolve();

  constructor(place: RemotePlace) {
    this.#place = place;
  }

  nameOf(ref: string): string {
    return this.#place.prefix + ref.slice(POOL_REFS.length);
  }

  /** @param to undefined to delete the ref @param expected its current commit; undefined if it must not exist */
  async move(ref: string, to: Oid | undefined, expected: Oid | undefined): Promise<Push> {
    const there = this.nameOf(ref);
    const lease = `--force-with-lease=${there}:${expected ?? ''}`;
    // Never with "+" or --force: either one makes git ignore the lease.
    const push = ['push', ...PUSH, RECEIVE, lease, '--', this.#place.url, `${to ?? ''}:${there}`];
    let result: GitResult;
    try {
      // The sparse algorithm would send whole folders again if they are one level deeper than on the server.
      result = await this.#git(push, { config: [['pack.useSparse', 'false']], allowFailure: true });
    } catch (error) {
      if (GIT_ERRORS.git_timeout.is(error)) return 'unreachable';
      throw error;
    }
    if (result.exitCode === 0) return 'moved';
    const answer = /^!\t[^\t]*\t(.*)$/m.exec(result.stdout)?.[1];
    if (answer === undefined || answer.startsWith('[remote failure]')) return 'unreachable';
    if (LOST_RACE.test(answer)) return 'refused';
    throw POOL_ERRORS.pool_push_declined({ ref }, { cause: new Error(`${answer}\n${result.stderr}`) });
  }

  /**
   * All refs that match the patterns, by name. Rejects when the remote cannot be reached.
   * For this, a server can send all refs of the repository, whereas it filters those of a fetch.
   */
  async list(...patterns: string[]): Promise<ReadonlyMap<string, Oid>> {
    const there = patterns.map((pattern) => this.nameOf(pattern));
    const list = await this.#git(['ls-remote', '--refs', UPLOAD, '--', this.#place.url, ...there]);
    const rows = list.stdout.split('\n').map((line) => line.split('\t'));
    const ours = rows.filter(([, ref]) => ref?.startsWith(this.#place.prefix));
    return new Map(
      ours.map(([oid = '', ref = '']) => [POOL_REFS + ref.slice(this.#place.prefix.length), oid]),
    );
  }

  /** Fetches one commit, whatever its refs point to now. @throws state_gone if the remote does not have it */
  async fetch(id: string, state: Oid): Promise<void> {
    // Version 2 of the protocol gives any commit that the server has.
    const config: Setting[] = [['protocol.version', '2']];
    const refspec = `+${state}:${sessionRef(id)}`;
    const args = ['fetch', ...FETCH, UPLOAD, '--', this.#place.url, refspec];
    const fetch = () =>
      this.#git(args, { config }).catch((cause: unknown) => {
        throw NOT_THERE.test(String(cause)) ? POOL_ERRORS.state_gone({ commit: state }, { cause }) : cause;
      });
    // Serialised, because one of two concurrent updates of the same local ref fails.
    this.#fetching = this.#fetching.then(fetch, fetch);
    await this.#fetching;
  }

  /**
   * Tests what a pool needs from the remote: creates, moves and deletes a temporary ref.
   * @param commit makes a commit with the given text
   * @returns `declined` if the server accepts no refs below this prefix
   */
  async probe(commit: (text: string) => Promise<Oid>): Promise<Probed> {
    const ref = `${POOL_REFS}probe/${ulid()}`;
    const [first, second] = [await commit('first'), await commit('second')];
    const moves = [[first, undefined] as const, [second, first] as const, [undefined, second] as const];
    try {
      for (const [to, expected] of moves) {
        const push = await this.move(ref, to, expected);
        if (push === 'unreachable')
          return await this.list(ref).then(
            () => 'read_only',
            () => push,
          );
        if (push === 'refused') return 'declined';
      }
      return 'works';
    } catch (error) {
      if (POOL_ERRORS.pool_push_declined.is(error)) return 'declined';
      throw error;
    }
  }

  /** Whether the remote can be read without a login. False for ssh and folders. */
  async isPublic(): Promise<boolean> {
    if (!/^(?:https?|git):\/\//i.test(this.#place.url)) return false;
    const address = new URL(this.#place.url);
    Object.assign(address, { username: '', password: '' });
    const { HOME = '', GIT_CONFIG_GLOBAL: settings = join(HOME, '.gitconfig') } = this.#place.git.baseEnv;
    // An empty value clears earlier ones. HOME is changed to hide ~/.netrc; the user's proxy settings still apply.
    const config: Setting[] = [
      ['credential.helper', ''],
      [`credential.${address.href}.helper`, ''],
      [`http.${address.href}.extraHeader`, ''],
    ];
    const env = { HOME: '/dev/null', GIT_CONFIG_GLOBAL: settings };
    const ask = ['ls-remote', '--heads', UPLOAD, '--', address.href];
    return (await this.#git(ask, { config, env, allowFailure: true })).exitCode === 0;
  }

  async #git(
    args: readonly string[],
    more: { config?: Setting[]; env?: Record<string, string>; allowFailure?: boolean } = {},
  ): Promise<GitResult> {
    const { git, limitMs } = this.#place;
    const config = [...(git.config ?? []), ...(more.config ?? [])];
    return await runGit(args, { ...git, ...more, config, timeoutMs: limitMs });
  }
}

import { readFileSync } from 'node:fs';
import { startSession } from '../../../core/acts/sessions/start-session.act.ts';
import { stopSession } from '../../../core/acts/sessions/stop-session.act.ts';
import { findProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { isUnfinished } from '../../../core/caller/context/supervision.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import { ACTION_ERRORS } from '../../../core/caller/errors/action-errors.ts';
import { type HeldIssue, writeHeldIssues } from '../../../core/caller/facts/held-issues.ts';
import type { Clock } from '../../../core/kernel/clock.ts';
import { isSamocodeError, orNothing } from '../../../core/kernel/errors.ts';
import { writeUnsynced } from '../../../core/kernel/files/atomic-file.ts';
import { respondingProjects } from '../../../core/project/finding/known-projects.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { writtenNow } from '../../../core/project/settings/samocode-file.ts';
import { valuesOf } from '../../../core/project/settings/settings.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import { FORGE_ERRORS, forgeResetMs } from '../forge/forge-errors.ts';
import type { ForgeLogin } from '../forge/github.ts';
import { repositoriesOf } from '../forge/project-repositories.ts';
import { trustedAuthors } from '../forge/trusted-authors.ts';
import { GITHUB_ROWS } from '../settings.ts';
import { type ClaimTarget, claimBranch, claimIssue, releaseClaim } from './claim.ts';
import { hasLabel, judgeIssue, peopleOf } from './judge-issue.ts';
import { givenIssue, isAt } from './read-issue.ts';

const GAP_MS = 60_000;
const POLL_MS = 1000;

interface IntakeTarget extends ClaimTarget, ForgeLogin {
  project: Project;
  /** `host/owner/name` of the issues. */
  repository: string;
  label: string;
}

/** Starts sessions for issues to which a person with write access has added INTAKE_LABEL. */
export class Intake {
  readonly #login: (signal: AbortSignal) => Promise<ForgeLogin>;
  readonly #home: string;
  readonly #heldPath: string;
  readonly #clock: Clock;
  /** By project, issue number and time of its last change: why the issue is not started. */
  readonly #held = new Map<string, string | undefined>();
  readonly #ended = new AbortController();
  #dueAtMs = 0;
  #running: Promise<void> | undefined;
  /** Whether any known project has INTAKE_LABEL. */
  isWatching = false;

  /** @param heldPath the file that lists the issues that are not started */
  constructor(
    login: (signal: AbortSignal) => Promise<ForgeLogin>,
    { home, heldPath, clock }: { home: string; heldPath: string; clock: Clock },
  ) {
    this.#login = login;
    this.#home = home;
    this.#heldPath = heldPath;
    this.#clock = clock;
  }

  /** Starts a scan if one is due, without waiting for it. @returns the latest time of the next call, monotonic */
  poll(views: Iterable<SessionView>, failed: (what: string, error: unknown) => void): number {
    const now = this.#clock.monotonic();
    if (this.#running !== undefined) return now + POLL_MS;
    if (this.#dueAtMs > now) return this.#dueAtMs;
    this.#dueAtMs = now + GAP_MS;
    this.#running = this.#scan([...views], failed)
      .catch((error: unknown) => failed('issues', error))
      .finally(() => {
        this.#running = undefined;
      });
    return now + POLL_MS;
  }

  /** Aborts a scan in progress. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #scan(views: readonly SessionView[], failed: (what: string, error: unknown) => void): Promise<void> {
    const known = await respondingProjects(this.#home);
    const wanted: string[] = [];
    for (const { filePath } of known) if (await writtenNow(filePath, 'INTAKE_LABEL')) wanted.push(filePath);
    const wasWatching = this.isWatching;
    this.isWatching = wanted.length > 0;
    const held: HeldIssue[] = [];
    for (const filePath of wanted) {
      try {
        held.push(...(await this.#scanProject(filePath, views)));
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        failed(filePath, error);
        this.#dueAtMs = Math.max(this.#dueAtMs, this.#clock.monotonic() + forgeResetMs(error, this.#clock));
        const why = isSamocodeError(error) ? `${error.what} ${error.why}` : String(error);
        held.push({ filePath, text: `No issue can be started. ${why}` });
      }
    }
    if (this.isWatching || wasWatching) await writeHeldIssues(this.#heldPath, held);
  }

  async #scanProject(filePath: string, views: readonly SessionView[]): Promise<HeldIssue[]> {
    const { signal } = this.#ended;
    const { forge, context } = await this.#login(signal);
    const project = await findProjectFor({ projectDir: filePath }, context);
    await requireTrust(project, context);
    const { mainRepo, values } = project;
    const { intakeLabel: label } = valuesOf(GITHUB_ROWS, values);
    const { env } = context;
    const here = await repositoriesOf(project, context);
    if (label === undefined || here === undefined) return [];
    const repository = await here.issues();
    const claiming = { claims: here.own, mainRepo, sessionsDir: values.sessions, env, signal };
    const target: IntakeTarget = { ...claiming, repository, forge, context, project, label };
    const own = views.filter(
      ({ paths, sessionFile }) =>
        paths.sessionsDir === values.sessions &&
        sessionFile?.issue?.claim !== undefined &&
        sessionFile.issue.repository === repository,
    );
    const labelled = await forge.labelledIssues(repository, target.label);
    for (const view of own) {
      if (!labelled.some(({ number }) => number === view.sessionFile?.issue?.number))
        await this.#stopUnlabelled(view, target);
      await this.#releaseUnused(view, target);
    }
    let freeSlots = values.maxParallel - views.filter((view) => isBusy(view, values.sessions)).length;
    const held: HeldIssue[] = [];
    for (const { number, updatedAt } of labelled) {
      // The issue has a session, which the session list shows.
      if (own.some(({ sessionFile, state }) => sessionFile?.issue?.number === number && !state.archived))
        continue;
      const key = `${filePath} ${number} ${updatedAt}`;
      if (!this.#held.has(key)) {
        if (freeSlots <= 0) continue;
        const why = await this.#start(number, own, target);
        if (why === 'started') freeSlots -= 1;
        else this.#held.set(key, why);
      }
      const why = this.#held.get(key);
      if (why) held.push({ filePath, text: `Issue #${number} of ${repository} ${why}` });
    }
    return held;
  }

  /** @returns `started`, or why not; undefined if that is not worth reporting */
  async #start(
    number: number,
    own: readonly SessionView[],
    target: IntakeTarget,
  ): Promise<'started' | string | undefined> {
    const { forge, context, repository, project, label } = target;
    const issue = await forge.issue(repository, number);
    const mayWrite = await trustedAuthors(peopleOf(issue), repository, { forge });
    const verdict = isAt(issue, repository)
      ? judgeIssue(issue, label, mayWrite)
      : ({ kind: 'gone' } as const);
    if (verdict.kind !== 'take') return verdict.kind === 'held' ? verdict.why : undefined;
    const { labelledAt } = verdict;
    // A session has already worked on the issue since it was labelled.
    const isWorkedOn = own.some(
      ({ sessionFile }) =>
        sessionFile?.issue?.number === number && sessionFile.issue.claim?.labelledAt === labelledAt,
    );
    if (isWorkedOn) return undefined;
    const given = await givenIssue(issue, repository, { forge, project });
    const commit = await claimIssue(number, target);
    if (commit === undefined)
      return `is claimed: its branch ${claimBranch(number)} exists. If no machine works on it, delete the branch, then remove the label and add it again.`;
    try {
      const work = { kind: 'issue', issue: { ...given, claim: { labelledAt, commit } } } as const;
      const choices = { branch: claimBranch(number) };
      await startSession({ work, project: project.filePath, choices }, context);
      return 'started';
    } catch (error) {
      // The session was created; its worker is just slow to answer.
      if (ACTION_ERRORS.pending.is(error)) return 'started';
      await releaseClaim(number, commit, target);
      if (!isSamocodeError(error)) throw error;
      return `could not be started. ${error.what} ${error.why} Fix that, then remove the label and add it again.`;
    }
  }

  /** Stops a session whose issue has lost its label, or was closed, moved or deleted. */
  async #stopUnlabelled(
    view: SessionView,
    { forge, context, repository, label, project }: IntakeTarget,
  ): Promise<void> {
    const number = view.sessionFile?.issue?.number ?? 0;
    if (!isUnfinished(view) || view.state.archived || view.state.pullRequest !== undefined) return;
    const issue = await forge.issue(repository, number).catch((error: unknown) => {
      if (FORGE_ERRORS.forge_refused.is(error)) return undefined;
      throw error;
    });
    if (issue?.isOpen && isAt(issue, repository) && hasLabel(issue, label)) return;
    const question = { session: view.folder, projectDir: project.filePath };
    await stopSession({ ...question, when: 'after_iteration' }, context);
  }

  /** Releases the claim of a session that was discarded, or stopped before its first commit. */
  async #releaseUnused(view: SessionView, target: IntakeTarget): Promise<void> {
    const { issue } = view.sessionFile ?? {};
    const { status, archived, trash, worktree } = view.state;
    const { claimReleased } = view.paths;
    const isDiscarded = archived && trash !== undefined;
    if (!issue?.claim || (!isDiscarded && status.kind !== 'stopped')) return;
    // What is on the forge now may be the claim of another session, which is at the same commit until its first push.
    const since = `${status.since} ${archived}`;
    if (orNothing(() => readFileSync(claimReleased, 'utf8')) === since) return;
    if (!isDiscarded && worktree !== undefined) {
      const tip = ['rev-parse', '--verify', '--quiet', `refs/heads/${worktree.branch}`];
      const git = { baseEnv: target.env, cwd: target.mainRepo, allowFailure: true };
      if ((await gitLine(tip, git)) !== worktree.baseCommit) return;
    }
    if (await releaseClaim(issue.number, issue.claim.commit, target))
      writeUnsynced(claimReleased, since, { mode: 0o600 });
  }
}

/** Whether a session has a slot, or will take the next one. */
function isBusy({ paths, state: { status, archived } }: SessionView, sessionsDir: string): boolean {
  const isWorking = ['starting', 'running', 'queued', 'limited'].includes(status.kind);
  return paths.sessionsDir === sessionsDir && isWorking && !archived;
}

import type { ActionContext } from '../../caller/context/context.ts';
import { findSession } from '../../caller/context/find-session.ts';
import { branchOfSession, type SessionBranch, unlessGitFails } from '../../caller/context/session-branch.ts';
import { sessionIndex } from '../../caller/context/session-index.ts';
import { runGit } from '../../project/git/git.ts';
import { commitOf, isAncestor } from '../../project/git/repository.ts';
import type { Commit } from '../../project/worktrees/changes.ts';
import { documentText } from '../../session/documents/documents.ts';
import { parseQa, questionHash } from '../../session/documents/qa.ts';
import type { By } from '../../session/events/bodies/who-acted.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { readEvents } from '../../session/log/event-log.ts';
import { type PlanReasons, planReasons } from '../../session/proof/plan-files.ts';
import { pathInTree } from './read-changes.act.ts';

export interface WhyQuestion {
  /** A file, or one of its lines: `src/a.ts:31`, as numbered in the main checkout once the branch is merged. */
  path: string;
  /** By default, every session of the project that changed the file, newest first. */
  session?: string;
  projectDir?: string;
}

interface WhyIteration {
  /** Absent for commits that a person made after the last agent. */
  iteration?: number;
  phase?: string;
  provider?: string;
  did?: string;
  commits: Pick<Commit, 'hash' | 'subject'>[];
}

/** The reasons for the changes to one file in one session. Agents and people wrote the texts. */
export interface WhySession extends Omit<PlanReasons, 'questions'> {
  session: string;
  branch: string;
  iterations: WhyIteration[];
  plan?: string;
  approvedBy?: By;
  answers: { id: string; question: string; answer: string }[];
}

/** Finds the iterations, plan phases, requirements and answers behind a file's changes. */
export async function whyFile(
  question: WhyQuestion,
  context: ActionContext,
): Promise<{ path: string; sessions: WhySession[] }> {
  const views = await viewsFor(question, context);
  const tops = views.flatMap(({ sessionFile, state }) =>
    [state.worktree?.path ?? [], sessionFile?.mainRepo ?? []].flat(),
  );
  const [, file = question.path, number] = /^(.+):(\d+)$/s.exec(question.path) ?? [];
  const path = await pathInTree(file, tops);
  const line = number === undefined ? undefined : Number(number);
  const isOne = question.session !== undefined;
  // A session whose repository was moved must not hide the others.
  const found = await Promise.all(
    views.map(async (view) => {
      const ask = async () => await whyIn(view, { path, line }, context);
      return isOne ? await ask() : await unlessGitFails(ask, undefined);
    }),
  );
  return {
    path: [path, ...(line === undefined ? [] : [line])].join(':'),
    sessions: found.filter((each) => each !== undefined),
  };
}

async function viewsFor(
  { session, projectDir }: WhyQuestion,
  context: ActionContext,
): Promise<SessionView[]> {
  if (session !== undefined) return [await findSession({ session, projectDir }, context)];
  const all = await (await sessionIndex({ projectDir, reach: 'current' }, context)).once();
  const views = all.flatMap(({ view, place }) => (place.isOwn ? [view] : []));
  return views.sort((a, b) => (b.state.createdAt ?? '').localeCompare(a.state.createdAt ?? ''));
}

async function whyIn(
  view: SessionView,
  { path, line }: Asked,
  context: ActionContext,
): Promise<WhySession | undefined> {
  const { paths } = view;
  const { approvedPlan } = view.state;
  const own = await branchOfSession(view, context);
  if (own === undefined) return undefined;
  const { branch, baseCommit, git } = own;
  const events = await readEvents(paths, 0);
  const ended = events.filter((event) => event.type === 'iteration_ended');
  const lastHead = ended.findLast(({ head }) => head !== undefined)?.head;
  // The commits remain after a merged branch is deleted.
  const tip = (await commitOf(own.ref, git)) ?? (lastHead && (await commitOf(lastHead, git)));
  if (!tip) return undefined;
  const since = `${baseCommit}..`;
  const commits =
    line === undefined
      ? await commitsOf(path, `${since}${tip}`, git)
      : await commitOfLine({ path, line }, { since, tip, git });
  if (commits.length === 0) return undefined;
  const plan = approvedPlan && (await documentText(paths.approvedPlan));
  const { questions, ...reasons } = planReasons(plan ?? '', path);
  return {
    session: view.folder,
    branch,
    iterations: await byIteration(commits, events, own),
    ...(approvedPlan && { plan: approvedPlan.name, approvedBy: approvedPlan.by }),
    ...reasons,
    answers: await answersFor(view, questions),
  };
}

interface Asked {
  path: string;
  line?: number;
}

/**
 * Finds the session's commit that last changed a line: in the main checkout if that contains the session's
 * work, otherwise on its branch.
 */
async function commitOfLine(
  { path, line }: Asked,
  { since, tip, git }: Pick<SessionBranch, 'git'> & { since: string; tip: string },
): Promise<WhyIteration['commits']> {
  const isIn = (commit: string, other: string) => isAncestor(commit, other, git);
  const at = (await isIn(tip, 'HEAD')) ? 'HEAD' : tip;
  const blame = [
    'blame',
    '--porcelain',
    '--no-textconv',
    '-L',
    `${line},${line}`,
    `${since}${at}`,
    '--',
    path,
  ];
  // The file or the line might not exist.
  const { stdout } = await runGit(blame, { ...git, allowFailure: true });
  const [head = '', ...facts] = stdout.split('\n');
  const hash = head.split(' ')[0] ?? '';
  const subject = facts.find((fact) => fact.startsWith('summary '))?.slice('summary '.length) ?? '';
  const isOlder = hash === '' || facts.includes('boundary');
  return isOlder || !(await isIn(hash, tip)) ? [] : [{ hash, subject }];
}

/** The commits that changed a file, oldest first; renames are followed. */
async function commitsOf(
  path: string,
  range: string,
  git: SessionBranch['git'],
): Promise<WhyIteration['commits']> {
  const log = ['log', '--follow', '-z', '--format=%H%x00%s', range, '--', path];
  // `--follow` does not support pathspec magic.
  const options = { ...git, env: { GIT_LITERAL_PATHSPECS: '1' } };
  const fields = (await runGit(log, options)).stdout.split('\0');
  const commits = fields.flatMap((hash, at) =>
    at % 2 === 0 && hash !== '' ? [{ hash: hash.trim(), subject: fields[at + 1] ?? '' }] : [],
  );
  // `--reverse` does not work with `--follow`.
  return commits.reverse();
}

async function byIteration(
  commits: WhyIteration['commits'],
  events: readonly SessionEvent[],
  { baseCommit, git }: SessionBranch,
): Promise<WhyIteration[]> {
  const providers = new Map<number, string>();
  const found: WhyIteration[] = [];
  let left = commits;
  let before = baseCommit;
  for (const event of events) {
    if (event.type === 'iteration_started') providers.set(event.iteration, event.provider);
    if (event.type !== 'iteration_ended') continue;
    const { head, iteration, phase, lastAction } = event;
    if (head === undefined || head === before || left.length === 0) continue;
    const range = await runGit(['rev-list', '--end-of-options', `${before}..${head}`], {
      ...git,
      allowFailure: true,
    });
    const made = new Set(range.stdout.split('\n'));
    const own = left.filter(({ hash }) => made.has(hash));
    left = left.filter(({ hash }) => !made.has(hash));
    if (own.length > 0)
      found.push({ iteration, phase, provider: providers.get(iteration), did: lastAction, commits: own });
    before = head;
  }
  return left.length === 0 ? found : [...found, { commits: left }];
}

/** The answers that the plan names for the file; if it names none, all answers. */
async function answersFor(
  { paths, state }: SessionView,
  named: readonly string[],
): Promise<WhySession['answers']> {
  const text = await documentText(paths.qa);
  const asked = new Map(
    parseQa(text ?? '').questions.map((question) => [questionHash(question), question.text]),
  );
  const wanted = state.answers.filter(({ id }) => named.includes(id));
  return (wanted.length > 0 ? wanted : state.answers).map(({ id, question, text: answer }) => ({
    id,
    question: asked.get(question) ?? '',
    answer,
  }));
}

import type { IssueWork } from '../../../core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { readAllSessions } from '../../../core/session/folder/session-list.ts';
import { GitHub } from '../forge/github.ts';
import { requireRepositories } from '../forge/project-repositories.ts';
import { trustedAuthors } from '../forge/trusted-authors.ts';
import { judgeIssue, peopleOf } from './judge-issue.ts';
import { givenIssue, isAt } from './read-issue.ts';

/** As intake judges them; it also claims an issue, because several machines can take it. */
export async function labelledIssues(
  label: string,
  project: Project,
  context: ActionContext,
): Promise<IssueWork[]> {
  const { values } = project;
  const repository = await (await requireRepositories(project, context)).issues();
  const forge = new GitHub(context);
  const views = await readAllSessions(values.sessions, context.host);
  const found: IssueWork[] = [];
  for (const { number } of await forge.labelledIssues(repository, label)) {
    const issue = await forge.issue(repository, number);
    if (!isAt(issue, repository)) continue;
    const mayWrite = await trustedAuthors(peopleOf(issue), repository, { forge });
    const verdict = judgeIssue(issue, label, mayWrite);
    if (verdict.kind !== 'take') continue;
    const since = Date.parse(verdict.labelledAt);
    const isWorkedOn = views.some(
      ({ sessionFile }) =>
        sessionFile?.issue?.number === number &&
        sessionFile.issue.repository === repository &&
        Date.parse(sessionFile.createdAt) >= since,
    );
    if (isWorkedOn) continue;
    found.push({ kind: 'issue', issue: await givenIssue(issue, repository, { forge, project }) });
  }
  return found;
}

import { isUtf8 } from 'node:buffer';
import { basename, extname } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { namedFolder } from '../../caller/context/find-project-for.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { systemErrorCode } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { cleanText, shownText } from '../../kernel/text.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { boxesIn, uncountedBoxes } from '../../session/documents/given-plan.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import type { GivenPlan } from '../../session/events/session-file.ts';
import { type ResolvedWork, startSources } from './start/start-sources.ts';
import type { NewWork } from './start/work.ts';

type Place = Parameters<typeof namedFolder>[1];

const MAX_BYTES = 256 * 1024;
/** A plan of a few phases cannot cover more steps properly. */
const MAX_BOXES = 200;

export async function resolveWork(
  work: NewWork,
  project: Project,
  context: ActionContext,
): Promise<ResolvedWork> {
  switch (work.kind) {
    case 'task':
      return { task: work.task, dive: work.dive, words: work.task };
    case 'dive':
      return { dive: work.dive, words: work.dive };
    case 'plan': {
      const { plan, task, dive } = work;
      const givenPlan = await readGivenPlan(plan, context);
      return { task: task ?? givenTask(givenPlan), dive, givenPlan, words: task ?? givenTitle(givenPlan) };
    }
    default: {
      const source = startSources.items.find(({ kind }) => kind === work.kind);
      if (source === undefined) throw ACTION_ERRORS.not_in_this_build({ what: `${work.kind}s` });
      return await source.resolve(work, project, context);
    }
  }
}

/** Reads the plan that a person gives at the start: any Markdown with check boxes. The file itself is never changed. */
export async function readGivenPlan(given: string, context: Place): Promise<GivenPlan> {
  const path = namedFolder(given, context);
  const unusable = (problem: string, fix = 'Name a Markdown file with check boxes.') =>
    START_ERRORS.plan_unusable({ path: shownText(path), problem, fix });
  if (statsAt(path)?.isSymbolicLink())
    throw unusable('it is a symbolic link', 'Name the file that it points to.');
  const reading = await readPlainFile(path, MAX_BYTES).catch((error: unknown) => {
    throw systemErrorCode(error) === undefined
      ? error
      : unusable(`it cannot be read (${systemErrorCode(error)})`);
  });
  if (reading.kind !== 'bytes')
    throw unusable(reading.kind === 'missing' ? 'there is no such file' : `it is ${reading.problem}`);
  const { bytes } = reading;
  if (bytes.includes(0)) throw unusable('it is not a text file');
  if (!isUtf8(bytes)) throw unusable('it is not UTF-8 text', 'Save it as UTF-8.');
  const text = bytes.toString('utf8');
  if (text.includes('\r') && !text.includes('\n'))
    throw unusable('its lines end with CR alone', 'Save it with LF at the end of each line.');
  const name = shownText(basename(path));
  const boxes = boxesIn(text);
  if (boxes.length === 0)
    throw unusable(
      ['it has no check boxes', ...uncountedBoxes({ name, text })].join('; '),
      'A step is a list item with a box: - [ ] Add the table',
    );
  if (boxes.length > MAX_BOXES)
    throw unusable(
      `it has ${boxes.length} check boxes, and a session takes at most ${MAX_BOXES}`,
      'Split it: a session for each part.',
    );
  if (boxes.every(({ isDone }) => isDone))
    throw unusable('every box in it is ticked', 'Untick what is left to do.');
  return { name, hash: fingerprint(bytes), text };
}

/** The task of a session that starts with a plan and no task. */
export function givenTask({ name }: GivenPlan): string {
  return cleanText(`Carry out the plan in ${name}, which _given-plan.md quotes with its boxes numbered.`);
}

/** The title from which the name of the session is derived. */
export function givenTitle({ name, text }: GivenPlan): string {
  const title = parsePlan(text).title?.replace(/^(?:tasks|implementation plan):\s*/i, '');
  return title || name.slice(0, name.length - extname(name).length);
}

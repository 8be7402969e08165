import { isUtf8 } from 'node:buffer';
import { basename, extname } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { namedFolder } from '../../caller/context/which-projects.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { START_ERRORS } from '../../caller/errors/start-errors.ts';
import { type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { fromExtensions } from '../../kernel/extension.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { shownText } from '../../kernel/text.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { checksOfPlan } from '../../session/documents/as-plan.ts';
import { boxesIn, CHAT_PLAN, givenTask, uncountedBoxes } from '../../session/documents/given-plan.ts';
import { parsePlan } from '../../session/documents/plan.ts';
import type { GivenPlan } from '../../session/events/bodies/session-file.ts';
import type { ResolvedWork } from './start/start-sources.ts';
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
      const { plan, task, dive, replan } = work;
      const isText = context.by.channel === 'tool' && isPlanText(plan);
      const givenPlan = isText ? planOfText(plan) : await readGivenPlan(plan, context);
      if (!replan) requireShownChecks(givenPlan);
      const words = task ?? givenTitle(givenPlan);
      return { task: task ?? givenTask(givenPlan), dive, givenPlan, words, way: replan ? undefined : 'plan' };
    }
    default: {
      const source = fromExtensions('startSource').find(({ kind }) => kind === work.kind);
      if (source === undefined) throw ACTION_ERRORS.not_in_this_build({ what: `${work.kind}s` });
      return await source.resolve(work, project, context);
    }
  }
}

/** Reads the plan that a person gives at the start: any Markdown with check boxes. The file itself is never changed. */
export async function readGivenPlan(given: string, context: Place): Promise<GivenPlan> {
  const path = namedFolder(given, context);
  const unusable = unusableAs(shownText(path));
  if (statsAt(path)?.isSymbolicLink())
    throw unusable('it is a symbolic link', 'Name the file that it points to.');
  const reading = await readPlainFile(path, MAX_BYTES).catch((error: unknown) => {
    throw systemErrorCode(error) === undefined
      ? error
      : unusable(`it cannot be read (${systemErrorCode(error)})`);
  });
  if (reading.kind !== 'bytes')
    throw unusable(reading.kind === 'missing' ? 'there is no such file' : `it is ${reading.problem}`);
  return planOfBytes(reading.bytes, shownText(basename(path)), unusable);
}

/** A chat gives the text of a plan that it made, without a file. */
function isPlanText(given: string): boolean {
  return given.includes('\n') || boxesIn(given).length > 0;
}

function planOfText(given: string): GivenPlan {
  const unusable = unusableAs('The text of the plan');
  const bytes = Buffer.from(given);
  if (bytes.length > MAX_BYTES) throw unusable(`it is too large, more than ${MAX_BYTES} bytes`);
  return planOfBytes(bytes, CHAT_PLAN, unusable);
}

type Unusable = (problem: string, fix?: string) => SamocodeError;

function unusableAs(path: string): Unusable {
  return (problem, fix = 'Name a Markdown file with check boxes.') =>
    START_ERRORS.plan_unusable({ path, problem, fix });
}

function planOfBytes(bytes: Buffer, name: string, unusable: Unusable): GivenPlan {
  if (bytes.includes(0)) throw unusable('it is not a text file');
  if (!isUtf8(bytes)) throw unusable('it is not UTF-8 text', 'Save it as UTF-8.');
  const text = bytes.toString('utf8');
  if (text.includes('\r') && !text.includes('\n'))
    throw unusable('its lines end with CR alone', 'Save it with LF at the end of each line.');
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

/** Without agents that plan, the commands of its `Check:` lines run as they are, once a person has read them. */
function requireShownChecks({ name, text }: GivenPlan): void {
  const [problem] = checksOfPlan(text).problems;
  if (problem !== undefined)
    throw unusableAs(`The plan ${name}`)(problem, 'Move them into a script, and name that.');
}

/** The title from which the name of the session is derived. */
export function givenTitle({ name, text }: GivenPlan): string {
  const title = parsePlan(text).title?.replace(/^(?:tasks|implementation plan):\s*/i, '');
  return title || name.slice(0, name.length - extname(name).length);
}

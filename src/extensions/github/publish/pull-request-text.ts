import { capitalised, counted, cut } from '../../../core/kernel/text.ts';
import type { DiffStat } from '../../../core/project/worktrees/changes.ts';
import { openedBy } from '../../../core/session/documents/describe-event.ts';
import { code } from '../../../core/session/documents/markdown-lines.ts';
import { pictureSentences, WHAT_PEOPLE_WILL_SEE } from '../../../core/session/documents/picture-words.ts';
import { picturesIn } from '../../../core/session/events/bodies/pictures.ts';
import type { By } from '../../../core/session/events/bodies/who-acted.ts';
import type { Status } from '../../../core/session/events/state.ts';
import { handleOf } from '../../../core/session/layout/names.ts';
import type { SessionProof } from '../../../core/session/proof/proof.ts';
import { proofLimits, quickLimits } from '../../../core/session/proof/proof-limits.ts';
import {
  carriedOut,
  checksSection,
  details,
  list,
  requirementLines,
  requirementsFrom,
  withFoldedFacts,
  withFoldedProof,
} from '../../../core/session/proof/proof-markdown.ts';
import { inertLine, inertQuote } from './inert-markdown.ts';

/** The facts in the text of a pull request. Strings are written by agents and people. */
export interface PullRequestFacts {
  folder: string;
  /** The issue that it closes: `#42`, or `owner/name#42` in another repository. */
  closes?: string;
  status: Status;
  task: string;
  /** The pull request section of the agent's summary. */
  description: string | undefined;
  decisions: readonly AnsweredQuestion[];
  /** Whether the text may contain people's answers. */
  withAnswers: boolean;
  commits: { subjects: readonly string[]; total: number };
  stat: DiffStat;
  /** The proof of the branch's last commit. */
  proof: SessionProof | undefined;
  /** The commit of the proof, if that is not the last commit. */
  olderProof: string | undefined;
  /** The repository's template. */
  template: string | undefined;
}

export interface AnsweredQuestion {
  id: string;
  /** Absent if the question is no longer on record. */
  question: string | undefined;
  answer: string;
  by: By;
}

export interface PullRequestText {
  /** The part that a reviewer reads: everything but the folded proof below it. */
  readable: string;
  whole: string;
}

/** Below GitHub's limit of 65,536 characters. */
const MAX_BODY = 60_000;

export function pullRequestText(facts: PullRequestFacts): PullRequestText {
  const { proof, template, folder, closes } = facts;
  const text = [...sectionsOf(facts), ...(template === undefined ? [] : [template.trim()])].join('\n\n');
  const readable = `${withRoom(text)}${closes ? `\n\nCloses ${closes}.` : ''}\n\nMade by samocode, session ${folder}.`;
  if (proof === undefined) return { readable, whole: `${readable}\n` };
  const texts = [withFoldedProof(readable, proof), withFoldedFacts(readable, proof), `${readable}\n`];
  return { readable, whole: texts.find(({ length }) => length <= MAX_BODY) ?? readable };
}

function sectionsOf(facts: PullRequestFacts): string[] {
  const { proof } = facts;
  const sections = {
    Summary: summary(facts),
    [WHAT_PEOPLE_WILL_SEE]: pictures(facts),
    Why: `The task, as given:\n\n${quoted(facts.task, 2000)}`,
    Decisions: decisions(facts),
    Requirements: proof === undefined ? '' : requirements(proof),
    Checks: proof === undefined ? '' : [...quickLimits(proof), checksSection(proof, 'short')].join('\n\n'),
    Limits: limits(facts),
    Changes: changes(facts),
  };
  const filled = Object.entries(sections).filter(([_, body]) => body !== '');
  return filled.map(([heading, body]) => `## ${heading}\n\n${body}`);
}

function summary({ status, description }: PullRequestFacts): string {
  const text = [status.kind === 'done' ? status.summary : '', description ?? ''].filter(Boolean).join('\n\n');
  return text === '' ? '' : `In the agent's words:\n\n${quoted(text, 6000)}`;
}

function pictures({ proof, folder }: PullRequestFacts): string {
  if (proof?.pictures === undefined) return '';
  const sentences = pictureSentences(proof.pictures, code).map(shortLine);
  const where =
    picturesIn(proof.pictures).length === 0
      ? []
      : [
          `The pictures are in the report that \`samocode report ${handleOf(folder)}\` makes on the machine of the session.`,
        ];
  return list([...sentences, ...where]);
}

function decisions({ decisions: answered, withAnswers, proof }: PullRequestFacts): string {
  const answers = answered.map(({ id, question, answer, by }) => {
    const asked = `**${id}** ${question === undefined ? '(the question is no longer on record)' : shortLine(question)}`;
    const who = shortLine(openedBy(by));
    return withAnswers ? `${asked} → ${shortLine(answer)} (${who})` : `${asked} (answered by ${who})`;
  });
  const plans = (proof?.approvals ?? []).flatMap((given) =>
    given.what === 'plan' ? [`The plan was approved by ${shortLine(openedBy(given.by))}.`] : [],
  );
  const hidden = answered.length > 0 && !withAnswers ? ['The answers are not part of this text.'] : [];
  const given = proof === undefined ? [] : carriedOut(proof);
  const lines = [...answers, ...hidden, ...given, ...plans.slice(-1)];
  return lines.length === 0 ? '' : `What was asked, and who decided it:\n\n${list(lines)}`;
}

function requirements(proof: SessionProof): string {
  const lines = requirementLines(proof, shortLine);
  return lines.length === 0 ? '' : `${requirementsFrom(proof)}:\n\n${list(lines)}`;
}

function limits({ status, proof, olderProof }: PullRequestFacts): string {
  const lines = [
    ...(status.kind === 'done' ? [] : [`The session is ${status.kind}, not done.`]),
    ...(proof === undefined && olderProof === undefined
      ? ['Nothing has been proved about this branch.']
      : []),
    ...(olderProof === undefined
      ? []
      : [
          `The branch has changed since its proof, which is for ${olderProof.slice(0, 12)}, so the proof is not included.`,
        ]),
    ...(proof === undefined ? [] : proofLimits(proof)),
  ];
  return lines.length === 0 ? '' : `What is not proved, and what to review:\n\n${list(lines)}`;
}

function changes({ commits: { subjects, total }, stat }: PullRequestFacts): string {
  const more = total > subjects.length ? [`and ${total - subjects.length} more`] : [];
  const files = stat.files.map(({ path, insertions, deletions }) =>
    insertions === null ? code(path) : `${code(path)} +${insertions} −${deletions}`,
  );
  const moreFiles = stat.fileCount > files.length ? [`and ${stat.fileCount - files.length} more`] : [];
  return [
    `${capitalised(counted(total, 'commit'))}:`,
    list([...subjects.map(shortLine), ...more]),
    details(
      `${counted(stat.fileCount, 'file')}, +${stat.insertions} −${stat.deletions}`,
      list([...files, ...moreFiles]),
    ),
  ].join('\n\n');
}

function quoted(text: string, most: number): string {
  return inertQuote(cut(text, most));
}

const MAX_LINE_CHARS = 500;

function shortLine(text: string): string {
  return inertLine(cut(text, MAX_LINE_CHARS));
}

/** Truncates the text, leaving room for the lines below it. */
function withRoom(text: string): string {
  return text.length > MAX_BODY - 600 ? `${text.slice(0, MAX_BODY - 600)}\n\n(cut)` : text;
}

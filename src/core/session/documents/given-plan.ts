import { cleanText, cut, listed, visibleControls } from '../../kernel/text.ts';
import type { GivenPlan } from '../events/bodies/session-file.ts';
import { checkBox, likeBoxes, lineBody, oneLine, parseMarkdown } from './markdown-lines.ts';
import { parsePlan, phaseRanges } from './plan.ts';

export interface PlanBox {
  /** `B7`: its number in the file, from 1. */
  id: string;
  text: string;
  isDone: boolean;
  line: number;
  /** The position of the box that it is nested under. */
  parent: number | undefined;
}

/** The check boxes of any Markdown, in order, except those in code blocks and comments. */
export function boxesIn(text: string): PlanBox[] {
  const doc = parseMarkdown(text);
  const boxes: (PlanBox & { indent: number })[] = [];
  // The boxes that a further one can be nested under, outermost first.
  const open: number[] = [];
  for (const [line, body] of doc.lines.entries()) {
    const box = doc.isHidden(line) ? undefined : checkBox(body);
    if (box === undefined) continue;
    const { indent, isTicked: isDone, text: words } = box;
    while (open.length > 0 && (boxes[open.at(-1) ?? 0]?.indent ?? 0) >= indent) open.pop();
    const parent = open.at(-1);
    open.push(boxes.length);
    boxes.push({
      id: `B${boxes.length + 1}`,
      text: words,
      isDone,
      line,
      indent,
      parent,
    });
  }
  return boxes;
}

/** Names the lines that look like check boxes but are not counted; ignores code blocks. */
export function uncountedBoxes({ name, text }: Pick<GivenPlan, 'name' | 'text'>): string[] {
  const doc = parseMarkdown(text);
  const isBox = (line: string, at: number) => !doc.isHidden(at) && checkBox(line) !== undefined;
  const lines = doc.lines.flatMap((line, at) =>
    !doc.isFenced(at) && likeBoxes(line) > Number(isBox(line, at)) ? [String(at + 1)] : [],
  );
  const [line, looks] =
    lines.length === 1 ? ['line', 'looks like a box and is'] : ['lines', 'look like boxes and are'];
  const said = `${lines.length} ${line} of ${called(name)} ${looks} not counted: ${listed(lines, MAX_NAMED)}`;
  return lines.length === 0 ? [] : [said];
}

/** The document that agents read: the file as a quotation, with its boxes numbered. */
export function quotedPlan({ name, hash, text }: GivenPlan): string {
  const { lines } = parseMarkdown(text);
  for (const { id, line } of boxesIn(text)) lines[line] = (lines[line] ?? '').replace(/\[.\]/, `$& [${id}]`);
  return [
    `# Given by the human: ${visibleControls(oneLine(name))}`,
    `The text of the file (SHA-256 ${hash}), quoted, with a number at each box.`,
    '',
    ...lines.map((line) => `> ${visibleControls(lineBody(line).trimEnd())}`.trimEnd()),
    '',
  ].join('\n');
}

/** `[B7]`, `[B2, B3]` or `[B2-B5]` in a step. */
const COVERS = /\[(B\d{1,4}(?:\s{0,2}[,–-]\s{0,2}B?\d{1,4}){0,50})\]/g;

/** A step covers the boxes that it names, or else the next box with its very text. */
function coveredBy(step: string, boxes: readonly PlanBox[], same: Map<string, number[]>): number[] {
  const ranges = [...step.matchAll(COVERS)].flatMap(([, inside = '']) =>
    inside.split(',').map((part) => [...part.matchAll(/\d+/g)].map(Number)),
  );
  if (ranges.length === 0) return same.get(step)?.splice(0, 1) ?? [];
  return [...boxes.keys()].filter((at) =>
    ranges.some(([from = 0, to = from]) => from <= at + 1 && at + 1 <= to),
  );
}

export interface Coverage {
  open: PlanBox[];
  withoutStep: PlanBox[];
  withoutBox: { phase: number; text: string }[];
}

/**
 * Compares one of our plans with the given plan. A box with nested boxes is covered once all of them are; a step that
 * names the outer box covers the nested ones too.
 */
export function coverageOf(given: string, plan: string): Coverage {
  const boxes = boxesIn(given);
  const same = new Map<string, number[]>();
  for (const [at, { text }] of boxes.entries()) {
    const before = same.get(text);
    if (before === undefined) same.set(text, [at]);
    else before.push(at);
  }
  const steps = parsePlan(plan).phases.flatMap(({ number: phase, lines }) =>
    boxesIn(lines.join('\n')).map(({ text }) => ({ phase, text, covers: coveredBy(text, boxes, same) })),
  );
  const named = new Set(steps.flatMap(({ covers }) => covers));
  const isNamed: boolean[] = [];
  for (const [at, { parent }] of boxes.entries())
    isNamed.push(named.has(at) || (parent !== undefined && isNamed[parent] === true));
  // A box is nested under an earlier one, so from the end each is decided before what it is nested under.
  const hasNested = new Set<number>();
  const hasOpen = new Set<number>();
  const uncovered = new Set<PlanBox>();
  for (const [at, box] of [...boxes.entries()].reverse()) {
    const isCovered = box.isDone || isNamed[at] || (hasNested.has(at) && !hasOpen.has(at));
    if (!isCovered) uncovered.add(box);
    if (box.parent === undefined) continue;
    hasNested.add(box.parent);
    if (!isCovered) hasOpen.add(box.parent);
  }
  return {
    open: boxes.filter(({ isDone }) => !isDone),
    withoutStep: boxes.filter((box) => uncovered.has(box)),
    withoutBox: steps.filter(({ covers }) => covers.length === 0),
  };
}

/** The boxes that are a step of no phase, with their numbers in the whole text. */
export function notSteps(plan: string): PlanBox[] {
  const ranges = phaseRanges(parseMarkdown(plan));
  return boxesIn(plan).filter(({ line }) => !ranges.some(({ start, end }) => start <= line && line < end));
}

const MAX_NAMED = 8;

/** The comparison as lines for people; the texts of boxes and steps were written by others. */
export function coverageLines({ name, text }: GivenPlan, plan: string): string[] {
  const { open, withoutStep, withoutBox } = coverageOf(text, plan);
  const steps = withoutBox.map((step) => `${short(step.text)} (phase ${step.phase})`);
  return [
    `Open boxes of ${called(name)} with a step: ${open.length - withoutStep.length} of ${open.length}`,
    ...uncountedBoxes({ name, text }),
    ...listLine('Boxes without a step', withoutStep.map(boxText)),
    ...listLine('Steps without a box', steps),
  ];
}

/** A given plan that is the plan of the session, as lines for people. @param plan its text with phases */
export function asGivenLines({ name, hash, text }: GivenPlan, plan: string): string[] {
  const boxes = boxesIn(plan);
  const open = boxes.filter(({ isDone }) => !isDone);
  return [
    `The plan is ${short(name)} (SHA-256 ${hash.slice(0, 12)}), as it was given; open boxes: ${open.length} of ${boxes.length}`,
    ...uncountedBoxes({ name, text }),
    ...listLine('Not steps, because they are in no phase', notSteps(plan).map(boxText)),
  ];
}

/** The name of a plan that a chat gave as text. */
export const CHAT_PLAN = 'from this chat';

function called(name: string): string {
  return name === CHAT_PLAN ? `the plan ${name}` : short(name);
}

function listLine(title: string, items: readonly string[]): string[] {
  return items.length > 0 ? [`${title}: ${listed(items, MAX_NAMED, { separator: '; ' })}`] : [];
}

function boxText({ id, text }: PlanBox): string {
  return `[${id}] ${short(text)}`;
}

/** The task of a session that starts with a plan and no task. */
export function givenTask({ name }: Pick<GivenPlan, 'name'>): string {
  const where = name === CHAT_PLAN ? name : `in ${name}`;
  return cleanText(`Carry out the plan ${where} (with numbered boxes: _given-plan.md).`);
}

function short(text: string): string {
  return cut(visibleControls(oneLine(text)), 80);
}

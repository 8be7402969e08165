import { bullets } from './markdown.ts';

export interface PlanPhaseText {
  name: string;
  files: readonly string[];
  /** A shell command, as a person would type it. */
  check: string;
  steps: readonly string[];
}

export interface PlanText {
  title: string;
  /** `YYYY-MM-DD HH:MM` or a stamp. */
  created: string;
  task: string;
  requirements: readonly string[];
  context: string;
  phases: readonly PlanPhaseText[];
  notes: readonly string[];
}

export function renderPlan(plan: PlanText): string {
  const boxes = (items: readonly string[]) => items.map((item) => `- [ ] ${item}`).join('\n');
  const phases = plan.phases.map(
    (phase, index) =>
      `### Phase ${index + 1}: ${phase.name}\nFiles: ${phase.files.join(', ')}\nCheck: \`${phase.check}\`\n${boxes(phase.steps)}\n`,
  );
  return [
    `# Plan: ${plan.title}`,
    `Created: ${plan.created}`,
    `## Task Definition\n${plan.task}\n`,
    `## Requirements\n${boxes(plan.requirements)}\n`,
    `## Context\n${plan.context}\n`,
    `## Implementation Phases\n${phases.join('\n')}`,
    `## Notes\n${bullets(plan.notes)}`,
  ].join('\n');
}

/** Number of the first plan phase that still has an open box, from 1; undefined when none has. */
export function firstOpenPhase(text: string): number | undefined {
  const open = phaseParts(text).find((part) => part.body.includes('- [ ]'));
  return open?.number;
}

export function phaseCount(text: string): number {
  return phaseParts(text).length;
}

/** `text` with the boxes of plan phase `number` ticked and its completion noted. */
export function withPhaseTicked(text: string, number: number, stamp: string): string {
  const part = phaseParts(text).find((one) => one.number === number);
  if (!part) return text;
  const ticked = part.body.replaceAll('- [ ]', '- [x]');
  const steps = ticked.trimEnd();
  // One line and nothing else: an approved plan is compared without boxes and completion lines.
  const mark = `\n**Phase ${number} completed** (${stamp})`;
  const isMarked = steps.includes(`**Phase ${number} completed**`);
  const body = isMarked ? ticked : steps + mark + ticked.slice(steps.length);
  return text.slice(0, part.start) + body + text.slice(part.start + part.body.length);
}

/** `text` with the boxes under `## Requirements` ticked. */
export function withRequirementsTicked(text: string): string {
  return text.replace(/^## Requirements[\s\S]*?(?=^## )/m, (part) => part.replaceAll('- [ ]', '- [x]'));
}

function phaseParts(text: string): { number: number; start: number; body: string }[] {
  const heads = [...text.matchAll(/^### Phase (\d+):/gm)];
  return heads.map((head) => {
    const afterHead = head.index + head[0].length;
    const length = text.slice(afterHead).search(/^#{2,3} /m);
    const end = length < 0 ? text.length : afterHead + length;
    return { number: Number(head[1]), start: head.index, body: text.slice(head.index, end) };
  });
}

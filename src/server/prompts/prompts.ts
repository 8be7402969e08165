import morningReport from '../../../prompts/morning-report.md';
import reviewPlan from '../../../prompts/review-plan.md';
import start from '../../../prompts/start.md';
import { compiledSource } from '../../machine/install/package/compiled-source.ts';
import { parseSource } from '../../machine/install/package/package-source.ts';
import { type PromptSource, promptFrom } from './prompt-source.ts';

// Nothing is started here; of the source only its texts count.
const { commands, skills } = compiledSource({ command: '', args: [] });

/** Every prompt: first our own, by the side of the tools and named like them, then the commands. */
export const PROMPTS: readonly PromptSource[] = [
  promptFrom(parseSource('start', start)),
  promptFrom(parseSource('review-plan', reviewPlan), 'review_plan'),
  promptFrom(parseSource('morning-report', morningReport), 'morning_report'),
  ...commands.map((command) => promptFrom(command)),
];

/** The text of the skill that a command names; a client may not have it installed. */
export function skillOf({ body }: PromptSource): { name: string; text: string } | undefined {
  const name = /^Use the skill `([^`]+)`/.exec(body)?.[1];
  const skill = skills.find((one) => one.name === name);
  return skill && { name: skill.name, text: skill.body.trim() };
}

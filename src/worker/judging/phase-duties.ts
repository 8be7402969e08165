import done from '../../../agents/done.md';
import implementation from '../../../agents/implementation.md';
import init from '../../../agents/init.md';
import investigation from '../../../agents/investigation.md';
import planning from '../../../agents/planning.md';
import quality from '../../../agents/quality.md';
import requirements from '../../../agents/requirements.md';
import testing from '../../../agents/testing.md';
import type { Phase } from '../../phases/table.ts';

/** What the child of each phase has to do; compiled in, so that an upgrade changes nothing in mid run. */
export const PHASE_DUTIES: Readonly<Record<Phase, string>> = {
  init: body(init),
  investigation: body(investigation),
  requirements: body(requirements),
  planning: body(planning),
  implementation: body(implementation),
  testing: body(testing),
  quality: body(quality),
  done: body(done),
};

// The front matter is for clients that list agents; a child is told its duties alone.
function body(agent: string): string {
  return agent.replace(/^---\n[\s\S]*?\n---\n/, '');
}

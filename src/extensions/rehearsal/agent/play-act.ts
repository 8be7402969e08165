import { actsFor, furtherActs, honestRules, type ScenarioAct } from './scenario.ts';
import { fill } from './situation.ts';
import { storyRules } from './story.ts';
import { type ActContext, type Acts, WORK } from './work.ts';

const ACTS: Acts<ScenarioAct['act']> = {
  ...WORK,
  normal: ({ signal, result }, context) => {
    const rules = [...storyRules(context.scenario.story), ...honestRules()];
    const acts = actsFor(rules, context.situation.occasion) ?? [];
    return playActs(acts, { ...context, signals: signal, results: result });
  },
};

/** Plays acts in order. @returns the exit code of the act that ended the process */
export async function playActs(acts: readonly ScenarioAct[], context: ActContext): Promise<unknown> {
  for (const act of acts) {
    const filled = act.act in WORK ? fill(act, await context.words()) : act;
    const { play } = furtherActs[act.act] ?? { play: ACTS[act.act] };
    // The entry matches the act's kind, which TypeScript cannot infer from indexing by a union.
    const exitCode = await play(filled as never, context as never);
    if (typeof exitCode === 'number') return exitCode;
  }
  return undefined;
}

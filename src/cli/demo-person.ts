import type { DemoPerson } from '../demo/screen.ts';
import type { Cli } from './cli.ts';

/** Takes every suggestion and approves: the demo plays the human as well. */
export const playedPerson: DemoPerson = {
  answer: async ({ suggestion }) => suggestedLetter(suggestion) ?? 'A',
  judgePlan: async () => undefined,
};

/** Asks whoever sits at the terminal. */
export function askedPerson(cli: Cli): DemoPerson {
  return {
    async answer({ suggestion }) {
      const suggested = suggestedLetter(suggestion) ?? 'A';
      return (await cli.ask(`      your answer [${suggested}]: `)).trim() || suggested;
    },
    async judgePlan() {
      const said = (await cli.ask('  Approve it? [Y/n, or what should be different] ')).trim();
      if (said === '' || /^y(?:es)?$/i.test(said)) return undefined;
      return /^no?$/i.test(said)
        ? (await cli.ask('  What should be different? ')).trim() || 'Shorter.'
        : said;
    },
  };
}

/** `B - why` suggests B. */
function suggestedLetter(suggestion: string | undefined): string | undefined {
  return suggestion?.split(' - ')[0]?.trim() || undefined;
}

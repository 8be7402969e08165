import { expect, test } from 'vitest';
import { ATTACKS } from '../guard/attack-rows.ts';
import { makeScene } from '../guard/guard-scene.ts';
import { USUAL } from '../guard/places.ts';
import { around, REFS } from '../guard/private-git-rounds.ts';
import { USERS } from '../guard/users.ts';

const ROUNDS = Number(process.env.SAMOCODE_ROUNDS ?? 100) * 10;

/** Ordinary work that the agent also does, between its attacks. */
const WORK = [
  'date +%s.%N >"work-$$.txt"; git add -A; git commit -qm Work',
  'date +%s.%N >"more-$$.txt"; git add -A; git stash -q',
  'git stash pop -q',
  'git gc -q --prune=now',
  'git switch -qc "side-$$"; git commit -q --allow-empty -m Aside; git switch -q "$BRANCH"',
  'git reset -q --hard HEAD~1',
  'git checkout -q --detach; git commit -q --allow-empty -m Detached',
];
/** The person's actions at the same time, or before the next agent. */
const PERSON = [
  'true',
  'git gc -q --prune=now',
  'git repack -qad',
  'git commit -q --allow-empty -m Person',
  'git config user.nickname "$(date +%N)"',
  'git tag -f person',
  'git -C "$WORKTREE" reset -q --hard main',
];

/** Numbers that are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state % below;
  };
}

test.each(USERS)(
  `the repository is sound after ${ROUNDS} rounds of attacks on a private git folder, $name`,
  async (user) => {
    await using scene = await makeScene(user, USUAL);
    const { make, collect } = await around(scene);
    const pick = numbers(7);
    const oneOf = <T>(all: readonly T[]) => all[pick(all.length)] as T;
    const ends: Record<string, number> = {};
    for (let round = 1; round <= ROUNDS; round += 1) {
      await make();
      const scripts = [oneOf(WORK), oneOf(ATTACKS).script, oneOf(WORK)].filter(() => pick(3) > 0);
      await scene.inside(scripts.map((script) => `(${script}) >/dev/null 2>&1`).join('; '));
      await scene.outside(`cd "$MAIN"; ${oneOf(PERSON)}`);
      const refs = await scene.outside(REFS);
      const { kind } = await collect();
      ends[kind] = (ends[kind] ?? 0) + 1;
      expect(await scene.outside(REFS), scripts.join('\n')).toBe(refs);
      // A commit graph with commits that the person's own `repack` has dropped since is not a loss.
      if (round % 25 === 0)
        expect(
          await scene.outside('git -C "$MAIN" -c core.commitGraph=false fsck --strict --no-dangling 2>&1'),
          scripts.join('\n'),
        ).toBe('');
    }
    expect(Object.keys(ends)).toEqual(expect.arrayContaining(['aside', 'moved', 'nothing', 'refused']));
  },
);

import { DIALECTS, type Dialect, TEST_FOLDER } from './weakened-marks.ts';

/** The tests that a file declares, and the lines that keep some from running. */
export interface TestsIn {
  count: number;
  /** Of those that have one. */
  names: string[];
  skips: string[];
  onlys: string[];
}

/** The language of a file that is a test, or lies among tests. */
export function dialectOf(path: string): Dialect | undefined {
  return DIALECTS.find((dialect) => {
    if (!dialect.files.test(path)) return false;
    return dialect.named === undefined || dialect.named.test(path) || TEST_FOLDER.test(path);
  });
}

/** Without the tests of a comment. */
export function testsIn(text: string, dialect: Dialect): TestsIn {
  const lines = codeLines(text, dialect);
  const found = [...lines.join('\n').matchAll(dialect.declares)];
  const marked = (mark: RegExp | undefined) =>
    lines.filter((line) => mark?.test(line)).map((line) => line.trim());
  return {
    count: found.length,
    names: found.flatMap(({ groups }) => groups?.name ?? groups?.title ?? []),
    skips: marked(dialect.skip),
    onlys: marked(dialect.only),
  };
}

function codeLines(text: string, { comment, block }: Dialect): string[] {
  let isInside = false;
  return text.split(/\r\n?|\n/).filter((line) => {
    const body = line.trim();
    if (isInside) {
      isInside = !body.includes(block?.[1] ?? '');
      return false;
    }
    if (block === undefined || !body.startsWith(block[0])) return !comment.test(line);
    isInside = !body.slice(block[0].length).includes(block[1]);
    return false;
  });
}

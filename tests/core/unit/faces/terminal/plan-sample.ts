/** A plan with everything that Markdown for a terminal shows. */
export const PLAN = `# Plan: 日本語 and 🚀

Adds **a command** that unloads the \`boat\`, see [the docs](https://example.org), in a sentence that is longer than the line.

## Phase 1
- [x] Write the test \`tests/boat.test.ts\`, which fails because nothing unloads a boat yet
- [ ] Add the command
  * أضف الأمر إلى الأداة
1. first

> Quoted words of the person who asked for it, long enough to be broken somewhere.

| a | b |
|---|---|

---

\`\`\`diff
-old **not bold**
+new
\`\`\`
`;

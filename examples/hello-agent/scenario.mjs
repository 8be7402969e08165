export default {
  about: 'One file learns whom to greet.',
  story: {
    title: 'Greet by name',
    questions: [
      {
        text: 'What should two names give? It decides how the arguments are read.',
        options: ['one greeting with both names', 'one greeting for each name'],
        suggestion: { letters: ['A'], reason: 'it is one sentence, as now' },
      },
    ],
    requirements: [
      {
        id: 'R1',
        text: 'A name on the command line is greeted',
        check: 'node hello.mjs Ada | grep -qx "Hello, Ada!"',
      },
      { id: 'R2', text: 'Without a name the world is greeted', check: 'reviewed' },
    ],
    context: 'hello.mjs is the whole program, hello.test.mjs its test.',
    phases: [
      {
        name: 'Greet by name',
        files: ['hello.mjs', 'hello.test.mjs'],
        check: 'node hello.mjs Ada | grep -qx "Hello, Ada!" && node --test',
        steps: ['A test that a name is greeted', 'Read the names from the command line'],
        does: [
          {
            act: 'edit',
            path: 'hello.test.mjs',
            append: true,
            text: `
test('a name is greeted', () => {
  assert.equal(hello('Ada'), 'Hello, Ada!\\n');
  assert.equal(hello('Ada', 'Grace'), 'Hello, Ada and Grace!\\n');
});
`,
          },
          {
            act: 'edit',
            path: 'hello.mjs',
            text: `const names = process.argv.slice(2);
console.log(\`Hello, \${names.join(' and ') || 'world'}!\`);
`,
          },
        ],
      },
    ],
  },
};

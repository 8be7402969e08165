/** What a person may be typing while a form opens. */
export const SENTENCES = [
  ...[
    'also fix docs',
    'approve it',
    'yes',
    'y',
    'a',
    '1',
    '2',
    'yes, go ahead',
    'ok',
    'the second one',
    'later',
  ],
  ...[
    'ask for changes',
    'show me the plan',
    '  leading blanks',
    'a  b',
    'no',
    'Decide later',
    'Approve it: the work starts',
  ],
  ...[
    'add a test',
    'what does it cost?',
    'run it again',
    'it is fine',
    'do it',
    'why is CI red?',
    'A',
    'B) Grace',
    'q',
  ],
  ...[
    'rename boats to ships',
    'and then?',
    'try the other branch',
    'stop',
    'continue',
    'help',
    'true',
    'accept',
    'submit',
  ],
  ...['use pnpm', 'keep the tests', '- a list item', 'thanks, that is all'],
];

/** Single keys, of which some choose in a list. */
export const KEYS_OF_LISTS = [...'abcdefghijklmnopqrstuvwxyz0123456789 /?*-', 'jj', 'kk', '  '];

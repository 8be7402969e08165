import type { ReportPlan } from '../tests/support/report-session.ts';

const IMPORT_QA = `# Q&A: import

### Q1: How should the import treat a row whose customer exists already?

A) Skip the row and list it in the summary
B) Update the customer with the columns that are filled
C) Refuse the whole file, so that nothing is half imported

**Suggestion:** B - the support team corrects addresses this way today, by hand

**Answer:** _waiting_

### Q2: May the import run in the request, or does it need a job?

A) In the request, for files of up to 5 MB
B) As a job, with progress on the page

**Suggestion:** A - the largest file of the last year has 1.8 MB

**Answer:** _waiting_
`;

const RETRY_PLAN = `# Plan: retry failed webhooks

A delivery that fails is stored and tried again after 1, 5 and 30 minutes, then hourly for a day. Customers see each attempt.

## Implementation Phases

### Phase 1: Store deliveries
Files: src/webhooks/deliveries.ts, migrations/0042_deliveries.sql
Check: \`npm test -- webhooks\`

- [ ] a table with payload, attempts, next attempt and last answer
- [ ] deliveries of today's code are stored before they are sent

### Phase 2: Try again
Files: src/webhooks/retry.ts
Check: \`npm test -- retry\`

- [ ] a job that takes what is due, one delivery per endpoint at a time
- [ ] an endpoint that fails for a day is paused, and its owner gets a mail

### Phase 3: Show it
Files: src/pages/webhooks.tsx

- [ ] the list of attempts, with a button that sends one again
`;

/** The sessions of the pictures in README and docs: a team's morning, in words that such a team would use. */
export const STORIES: readonly ReportPlan[] = [
  {
    name: 'import-csv',
    iterations: 3,
    ends: 'asked',
    words: {
      task: 'Let people import customers from a CSV file.\n\nThe export of our old system has about 4,000 rows. Show a preview before anything is written.',
      qa: IMPORT_QA,
      did: ['The export has 11 columns, 3 of which we do not store', 'Existing imports were read: none'],
    },
  },
  {
    name: 'retry-webhooks',
    iterations: 4,
    ends: 'planned',
    words: {
      task: 'Webhooks that fail are lost. Try them again, and show customers what happened.',
      plan: RETRY_PLAN,
      did: ['Deliveries are sent in the request and never stored', 'The plan has three phases'],
    },
  },
  {
    name: 'slow-search',
    iterations: 8,
    ends: 'blocked',
    words: {
      task: 'The search takes four seconds for accounts with more than 10,000 invoices. Make it take less than 300 ms.',
      reason:
        'The index needs the extension pg_trgm, which the database of the tests does not have. I may not install it.',
      did: [
        'An index on the lower-case number brings it to 1.9 s',
        'With pg_trgm it takes 140 ms on a copy',
        'The tests fail: extension "pg_trgm" is not available',
      ],
    },
  },
  {
    name: 'dark-mode',
    iterations: 12,
    ends: 'done',
    words: {
      task: 'Add a dark mode that follows the system, with a switch in the settings.',
      summary:
        'The pages follow the system; a switch in the settings overrides it and is kept per account. Charts and mails have colours for both.',
      did: ['Colours became variables', 'The switch is stored', 'Charts use the variables'],
    },
  },
  {
    name: 'invoice-pdf',
    iterations: 9,
    ends: 'done',
    words: {
      task: 'Invoices as PDF, with our logo and the tax number of the customer.',
      summary:
        'Each invoice has a PDF, made when it is sent and kept with it. 14 tests cover tax, discounts and long names.',
      did: ['The template has two pages', 'Totals are the same as on the page'],
    },
  },
  {
    name: 'rate-limits',
    iterations: 2,
    ends: 'queued',
    words: { task: 'Limit the API to 100 requests a minute per key, and say so in the answer.' },
  },
];

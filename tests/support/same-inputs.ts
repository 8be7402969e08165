import fc from 'fast-check';

// A change is judged by the same inputs each time; `npm run soak` tries new ones.
if (!process.env.SAMOCODE_PROPERTY_RUNS)
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_260_108 });

// Reads `--name value` pairs; an option that is not given may come from the environment as ANCHOR_CLIENT_NAME.
export function readArguments(known) {
  const given = process.argv.slice(2);
  const options = {};
  for (const [name, value] of Object.entries(known)) {
    options[name] = process.env[`ANCHOR_CLIENT_${name.toUpperCase().replaceAll('-', '_')}`] ?? value;
  }
  while (given.length > 0) {
    const name = given.shift().replace(/^--/, '');
    if (!(name in known)) throw new Error(`unknown option --${name}; known: ${Object.keys(known).join(', ')}`);
    if (given.length === 0) throw new Error(`option --${name} lacks its value`);
    options[name] = given.shift();
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === REQUIRED) throw new Error(`option --${name} is required`);
  }
  return options;
}

export const REQUIRED = Symbol('required');

// Prints what `work` returns as JSON and ends with 0, or what went wrong and ends with 1.
export async function report(work) {
  try {
    console.log(JSON.stringify(await work(), null, 2));
  } catch (error) {
    const answer = error.response?.data ?? error.cause?.response?.data;
    console.log(JSON.stringify({ error: error.message, answer }, null, 2));
    console.error(error.stack);
    process.exitCode = 1;
  }
}

export function check(holds, message) {
  if (!holds) throw new Error(message);
}

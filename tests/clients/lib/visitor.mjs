// A person with a browser, without the browser: follows redirects, keeps cookies, fills in and sends forms.
import http from 'node:http';
import { parse } from 'node-html-parser';
import { CookieJar } from 'tough-cookie';

const PAGES_MAX = 12;

export class Visitor {
  #cookies = new CookieJar();
  /** Address and title of each page seen. */
  pages = [];

  /** Opens the page and fills in form after form until a page has none; returns the text of that page. */
  async complete(url, answers) {
    let page = await this.#request('GET', url);
    let previous = '';
    for (let count = 0; count < PAGES_MAX; count += 1) {
      const form = page.document.querySelectorAll('form').find((form) => method(form) === 'POST');
      if (!form) return text(page.document);
      const fields = filledIn(form, answers);
      const attempt = `${page.url} ${fields}`;
      if (attempt === previous) throw new Error(`the page ${page.url} does not take its form: ${problems(page)}`);
      previous = attempt;
      const action = new URL(form.getAttribute('action') || page.url, page.url);
      page = await this.#request('POST', action, fields.toString());
    }
    throw new Error(`no end after ${PAGES_MAX} pages: ${this.pages.map((page) => page.url).join(' ')}`);
  }

  async #request(verb, address, body) {
    const url = new URL(address);
    const headers = { accept: 'text/html', cookie: await this.#cookies.getCookieString(url.href) };
    if (body !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded';
      headers.origin = url.origin;
    }
    const answer = await send(verb, url, headers, body);
    for (const cookie of answer.headers['set-cookie'] ?? []) await this.#cookies.setCookie(cookie, url.href);
    if ([301, 302, 303, 307, 308].includes(answer.status)) {
      const next = new URL(answer.headers.location, url);
      return answer.status >= 307 ? this.#request(verb, next, body) : this.#request('GET', next);
    }
    const document = parse(answer.body);
    const title = document.querySelector('title')?.text.trim();
    this.pages.push({ url: url.href, status: answer.status, title });
    // A form that is refused may come back with 400 or 422 and say why; the loop above sees that it is the same form.
    const again = document.querySelector('form') && [400, 422].includes(answer.status);
    if (answer.status !== 200 && !again) throw new Error(`${verb} ${url} answered ${answer.status}: ${text(document)}`);
    return { url, document };
  }
}

export function send(verb, url, headers = {}, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: verb, headers, timeout: 30_000 }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${verb} ${url}: no answer`)));
    request.end(body);
  });
}

const method = (form) => (form.getAttribute('method') ?? 'get').toUpperCase();

const text = (document) => (document.querySelector('main') ?? document).structuredText.replace(/\s+/g, ' ').trim();

function problems(page) {
  const said = page.document.querySelectorAll('[role=alert], .error, [aria-invalid=true]').map((each) => each.text.trim());
  return said.filter(Boolean).join('; ') || text(page.document);
}

function filledIn(form, answers) {
  const fields = new URLSearchParams();
  const chosen = new Set();
  let pressed = false;
  for (const field of form.querySelectorAll('input, select, textarea, button')) {
    const name = field.getAttribute('name');
    const kind = field.tagName === 'INPUT' ? (field.getAttribute('type') ?? 'text') : field.tagName.toLowerCase();
    if (field.hasAttribute('disabled')) continue;
    if (submits(field)) {
      // As a person would: the first button, which need not have a name.
      if (!pressed && name) fields.append(name, field.getAttribute('value') ?? '');
      pressed = true;
      continue;
    }
    if (!name) continue;
    switch (kind) {
      case 'hidden':
        fields.append(name, field.getAttribute('value') ?? '');
        break;
      case 'checkbox':
        if (field.hasAttribute('required') || field.hasAttribute('checked')) {
          fields.append(name, field.getAttribute('value') ?? 'on');
        }
        break;
      case 'radio': {
        const wanted = answers[name] === undefined || answers[name] === field.getAttribute('value');
        if (wanted && !chosen.has(name)) fields.append(name, field.getAttribute('value') ?? 'on');
        if (wanted) chosen.add(name);
        break;
      }
      case 'select':
        fields.append(name, answers[name] ?? option(field));
        break;
      case 'button':
      case 'reset':
      case 'file':
        break;
      default:
        fields.append(name, answers[name] ?? (field.getAttribute('value') || field.text || invented(field, kind)));
    }
  }
  return fields;
}

/** A button submits unless it says otherwise, an input only if it says so. */
function submits(field) {
  const type = field.getAttribute('type')?.toLowerCase();
  return field.tagName === 'BUTTON' ? !['button', 'reset'].includes(type) : type === 'submit' && field.tagName === 'INPUT';
}

function option(select) {
  const options = select.querySelectorAll('option');
  const found = options.find((each) => each.hasAttribute('selected')) ?? options.find((each) => each.getAttribute('value'));
  return found?.getAttribute('value') ?? found?.text.trim() ?? '';
}

/** What a person would write into a field that the caller has no answer for; nothing when it may stay empty. */
function invented(field, kind) {
  if (!field.hasAttribute('required')) return '';
  const name = field.getAttribute('name');
  if (kind === 'email' || /email/.test(name)) return 'ada@wallet.example';
  if (kind === 'date' || /date/.test(name)) return '1990-01-31';
  if (kind === 'tel' || /phone|mobile/.test(name)) return '+12025550123';
  if (kind === 'number') return field.getAttribute('min') ?? '1';
  if (/country/.test(name)) return 'USA';
  if (/iban|account|number/.test(name)) return '12345678';
  return 'Ada Lovelace';
}

// SPDX-License-Identifier: LGPL-2.1-or-later
//
// browser.mjs - a person in front of Chromium. Takes a script from standard input, one step a line; empty
// lines and lines with # are skipped:
//
//     size phone|desktop|narrow    390x844, 1280x900 (before that: phone), 320x640
//     colours light|dark
//     script on|off                JavaScript
//     open URL                     in a window of its own, without any past
//     again                        loads the page once more
//     status N                     what the last page came with
//     see REGEX                    is in the text that is shown; absent REGEX: is not
//     has SELECTOR                 there is one that shows; hasnt SELECTOR: there is none
//     shot NAME                    to $PAM_JIT_SCREENSHOTS/NAME-SIZE-COLOURS.png, the whole page
//     axe                          axe-core finds nothing
//     click NAME=VALUE             the button, by mouse
//     choose SPAN                  in the list "duration", note TEXT: in the field "note"; by mouse
//     press NAME=VALUE             the button, by Tab and Enter
//     type NAME TEXT               into that field or list, by Tab and letters
//     key KEY                      where the focus is
//     run COMMAND                  what somebody else does meanwhile, in a shell
//
// A page that scrolls sideways, takes anything from elsewhere, complains on its console, or shows no focus while
// somebody goes by keyboard, fails. Exit: 0 if every step held, else 1 and what the page said.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const node = createRequire(path.join(process.env.PAM_JIT_NODE, 'package.json'));
const { chromium } = node('playwright-core');
const SHOTS = process.env.PAM_JIT_SCREENSHOTS;
const CHROMIUM = process.env.PAM_JIT_CHROMIUM || '/usr/bin/chromium';
const PATIENCE = 60000;
const SIZES = {
    phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
    desktop: { viewport: { width: 1280, height: 900 } },
    narrow: { viewport: { width: 320, height: 640 }, isMobile: true },
};

const state = { size: 'phone', colours: 'light', script: 'on', response: null, complaints: [] };
let browser, context, page;

function complain(text) { state.complaints.push(text); }

async function open(url) {
    await context?.close();
    context = await browser.newContext({
        ...SIZES[state.size], colorScheme: state.colours, javaScriptEnabled: state.script === 'on',
    });
    context.setDefaultTimeout(PATIENCE);
    page = await context.newPage();
    const origin = new URL(url).origin;
    page.on('request', (r) => {
        if (!r.url().startsWith(origin + '/')) { complain(`it takes ${r.url()}`); }
    });
    page.on('pageerror', (e) => complain(`its script fails: ${e}`));
    page.on('console', (m) => {
        // what a status is, the script says
        if (m.type() === 'error' && !/responded with a status of/.test(m.text())) { complain(m.text()); }
    });
    page.on('dialog', (d) => complain(`it asks: ${d.message()}`));
    await arrive(() => page.goto(url, { waitUntil: 'load' }));
}

// go leads to another page, which is looked over
async function arrive(go) {
    const main = page.mainFrame();
    const [response] = await Promise.all([
        page.waitForResponse((r) => r.request().isNavigationRequest() && r.frame() === main &&
                             (r.status() < 300 || r.status() >= 400)),
        page.waitForEvent('framenavigated', (f) => f === main),
        go(),
    ]);
    state.response = response;
    await page.waitForLoadState('load');
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth,
                                                     document.documentElement.clientWidth]);
    if (wide > room) { complain(`it is ${wide} wide where there is room for ${room}`); }
}

const shown = () => page.locator('body').innerText();

async function axe() {
    if (state.script === 'off') { throw new Error('axe takes JavaScript'); }
    await page.evaluate(node('axe-core').source);
    const found = await page.evaluate(() => window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    if (found.passes.length < 5) { throw new Error('axe looked at nothing'); }
    for (const violation of found.violations) {
        for (const n of violation.nodes) { complain(`axe: ${violation.id}: ${n.target} (${violation.help})`); }
    }
}

// Tab until it has the focus; everything on the way must show that it has it.
async function reach(selector) {
    for (let n = 0; n < 60; n++) {
        await page.keyboard.press('Tab');
        const here = await page.evaluate((wanted) => {
            const e = document.activeElement;
            if (!e || e === document.body) { return null; }
            const style = getComputedStyle(e);
            return {
                name: `${e.tagName} ${e.name ?? e.textContent.trim()}`, wanted: e.matches(wanted),
                seen: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none',
            };
        }, selector);
        if (here && !here.seen) { complain(`the focus does not show on ${here.name}`); }
        if (here?.wanted) { return; }
    }
    throw new Error(`by keyboard there is no way to ${selector}`);
}

function button(spec) {
    const [name, value] = spec.split('=');
    return `button[name="${name}"][value="${value}"], input[type=submit][name="${name}"][value="${value}"]`;
}

const steps = {
    size: (s) => { if (!SIZES[s]) { throw new Error('no such size'); } state.size = s; },
    colours: (c) => { state.colours = c; },
    script: (s) => { state.script = s; },
    open,
    again: () => arrive(() => page.reload()),
    run: (command) => execFileSync('/bin/bash', ['-ec', command], { stdio: ['ignore', 'inherit', 'inherit'] }),
    status: (n) => {
        if (state.response.status() !== Number(n)) { throw new Error(`it was ${state.response.status()}`); }
    },
    see: async (regex) => { if (!new RegExp(regex, 'm').test(await shown())) { throw new Error('it is not there'); } },
    absent: async (regex) => {
        if (new RegExp(regex, 'm').test(await page.content())) { throw new Error('it is there'); }
    },
    has: (selector) => page.locator(selector).first().waitFor({ state: 'visible' }),
    hasnt: async (selector) => { if (await page.locator(selector).count()) { throw new Error('there is one'); } },
    shot: async (name) => {
        fs.mkdirSync(SHOTS, { recursive: true });
        await page.screenshot({ path: path.join(SHOTS, `${name}-${state.size}-${state.colours}.png`), fullPage: true });
    },
    axe,
    click: (spec) => arrive(() => page.locator(button(spec)).click()),
    choose: (span) => page.locator('select[name=duration]').selectOption(span),
    note: (text) => page.locator('[name=note]').fill(text),
    press: async (spec) => {
        await reach(button(spec));
        await arrive(() => page.keyboard.press('Enter'));
    },
    type: async (rest) => {
        const [, name, text] = rest.match(/^(\S+) (.*)$/);
        await reach(`[name="${name}"]`);
        await page.keyboard.type(text);
    },
    key: (name) => page.keyboard.press(name),
};

// what takes longer has failed, and holds nobody up
function patient(promise) {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('it takes too long')), PATIENCE); });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function main() {
    const script = fs.readFileSync(0, 'utf8').split('\n').map((l) => l.trim()).filter((l) => l && !l.startsWith('#'));
    browser = await chromium.launch({
        executablePath: CHROMIUM, headless: true, timeout: PATIENCE,
        args: ['--no-sandbox', '--disable-dev-shm-usage', '--no-proxy-server', '--hide-scrollbars'],
    });
    let good = script.length > 0;
    for (const line of script) {
        const [, verb, rest] = line.match(/^(\S+) ?(.*)$/);
        try {
            if (!Object.hasOwn(steps, verb)) { throw new Error('no such step'); }
            await patient(steps[verb](rest));
            if (state.complaints.length) { throw new Error(state.complaints.join('; ')); }
        } catch (e) {
            console.log(`browser: '${line}': ${e.message}`);
            if (page) { console.log(await patient(shown()).catch(() => '(there is no page)')); }
            good = false;
            break;
        }
    }
    await patient(browser.close()).catch(() => {});
    return good ? 0 : 1;
}

process.exit(await main());

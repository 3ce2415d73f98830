// What makes a page quicker: it updates itself, times are told from now, and keys do what buttons do.

import { isChanged } from './changed.js'
import './faces.js'

const live = document.getElementById('live')
const EVERY = 5000

// ---- The living part.

// What is shown.
let tag = live?.dataset.tag
let failures = 0

function isBusy() {
  const at = document.activeElement
  return live.contains(at) && at.matches('select, textarea')
}

async function refresh() {
  if (document.hidden || isBusy()) return
  const url = new URL(live.dataset.live, location.href)
  url.searchParams.set('part', 'live')
  let answer
  try {
    answer = await fetch(url, { headers: { 'if-none-match': tag }, redirect: 'manual', cache: 'no-store' })
  } catch {
    failures += 1
    return showStale()
  }
  // Signed out meanwhile: the page says so itself.
  if (answer.type === 'opaqueredirect') return location.reload()
  failures = answer.ok || answer.status === 304 ? 0 : failures + 1
  showStale(answer.status === 429 ? 'Too many requests' : 'No connection')
  if (answer.status !== 200) return
  replace(await answer.text())
  tag = answer.headers.get('etag')
}

function showStale(why = 'No connection') {
  let words = document.getElementById('stale')
  if (failures < 2) return words?.remove()
  if (!words) {
    words = document.createElement('p')
    words.id = 'stale'
    words.className = 'fault'
    words.setAttribute('role', 'status')
    live.before(words)
  }
  const text = `${why}: what you see may be out of date. Trying again.`
  // Said again only when it is something else.
  if (words.textContent !== text) words.textContent = text
}

function replace(html) {
  const ticked = new Set([...live.querySelectorAll('input[name="ids[]"]:checked')].map((box) => box.value))
  const open = new Set([...live.querySelectorAll('details[open] summary')].map((summary) => summary.textContent))
  const focused = placeOf(document.activeElement)
  const before = new Set([...live.querySelectorAll('[data-id]')].map((row) => row.dataset.id + row.className))
  const status = live.querySelector('[data-status]')?.dataset.status
  live.innerHTML = html
  for (const box of live.querySelectorAll('input[name="ids[]"]')) box.checked = ticked.has(box.value)
  for (const summary of live.querySelectorAll('details summary')) {
    if (open.has(summary.textContent)) summary.parentElement.open = true
  }
  for (const row of live.querySelectorAll('[data-id]')) {
    if (!before.has(row.dataset.id + row.className)) row.classList.add('fresh')
  }
  focused?.()?.focus({ preventScroll: true })
  tellTimes()
  tellTitle()
  // What may be done about it is outside the living part, and is other for one that is over.
  const now = live.querySelector('[data-status]')?.dataset.status
  const isTyped = [...document.querySelectorAll('main form')].some((form) => !live.contains(form) && isChanged(form))
  if (status && now !== status && (now === 'resolved' || status === 'resolved') && !isTyped) location.reload()
}

// How to find again what has the focus.
function placeOf(element) {
  if (!live.contains(element)) return null
  const row = element.closest('[data-id]')?.dataset.id
  const what = element.name ? `[name="${element.name}"]${element.value && element.localName === 'button' ? `[value="${element.value}"]` : ''}` : element.localName
  return () => (row ? live.querySelector(`[data-id="${row}"] ${what}`) ?? live.querySelector(`[data-id="${row}"] a`) : live.querySelector(what))
}

// ---- Times.

// In numbers: 35 hours from now may be tomorrow, or the day after.
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' })
const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60]]

function tellTimes() {
  for (const time of document.querySelectorAll('main time:not(.way time)')) {
    const seconds = (new Date(time.dateTime) - Date.now()) / 1000
    if (Math.abs(seconds) >= 7 * 86400) continue
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['minute', 60]
    time.dataset.short ??= time.textContent
    const words = Math.abs(seconds) < 60 ? (seconds < 0 ? 'just now' : 'in a moment') : relative.format(Math.trunc(seconds / size), unit)
    time.textContent = `${time.dataset.short} (${words})`
  }
}

// ---- The tab's title: how many wait.

const title = document.title

function tellTitle() {
  const waiting = Number(live?.querySelector('[data-triggered]')?.dataset.triggered ?? 0)
  document.title = waiting ? `(${waiting}) ${title}` : title
}

// ---- Ticks and dialogs.

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-ticks-all]')) {
    for (const box of live.querySelectorAll('input[name="ids[]"]')) box.checked = event.target.checked
  }
})

document.addEventListener('click', (event) => {
  const opens = event.target.closest('[data-opens]')?.dataset.opens
  if (opens) document.getElementById(opens).showModal()
  const menu = document.querySelector('details.me[open]')
  if (menu && !menu.contains(event.target)) menu.open = false
})

// ---- Keys.

function rows() {
  return [...document.querySelectorAll('.row')]
}

function current() {
  return document.activeElement?.closest('.row') ?? null
}

function move(by) {
  const all = rows()
  const at = all.indexOf(current())
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)]
  next?.querySelector('.title').focus()
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  a: () => (current()?.querySelector('[name=acknowledge]') ?? document.querySelector('[data-key=a]'))?.click(),
  r: () => (current()?.querySelector('[name=resolve]') ?? document.querySelector('[data-key=r]'))?.click(),
  x: () => current()?.querySelector('input[type=checkbox]')?.click(),
  '/': () => document.querySelector('input[type=search]')?.focus(),
  '?': () => document.getElementById('keys')?.showModal(),
}

document.addEventListener('keydown', (event) => {
  const isTyping = event.target.matches('input:not([type=checkbox]), select, textarea') || document.querySelector('dialog[open]')
  if (event.key === 'Escape') {
    const menu = document.querySelector('details.me[open]')
    if (menu) menu.open = false
  }
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return
  event.preventDefault()
  KEYS[event.key]()
})

// ---- Forms are sent once.

document.addEventListener('submit', (event) => {
  // Those of the API are sent by their own script, once as well.
  const { api, steps } = event.target.dataset
  if (event.target.method !== 'post' || api || steps || event.defaultPrevented) return
  if (event.target.dataset.sent) return event.preventDefault()
  event.target.dataset.sent = 'yes'
})
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent
})

tellTimes()
setInterval(tellTimes, 30000)
if (live) {
  tellTitle()
  refresh()
  setInterval(refresh, EVERY)
  document.addEventListener('visibilitychange', refresh)
  document.addEventListener('outdated', refresh)
}

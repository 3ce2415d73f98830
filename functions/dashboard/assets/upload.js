// A picture's way: a ticket from the API, the picture straight to S3, and then asking until it is ready or refused.

const PATH = '/api/v1/users/me/avatar'
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 4000
const SLOW_AFTER_MS = 15000
// A ticket's five minutes, and as much again for what was on its way.
const GIVE_UP_AFTER_MS = 600000
const POST_TIMEOUT_MS = 300000

// Why it did not work, in words for people; `again`: whether the same picture may be sent once more.
export class Failed extends Error {
  constructor(words, again) {
    super(words)
    this.again = again
  }
}

// Sends `picture` (a Blob), of which `crop` is to be kept (null: its middle), and answers its URLs by size. `tell.progress(0..1)` while it is on its way, `tell.sent()` once
// it is there, `tell.slow()` when that takes long. `stop` (an AbortSignal) ends it; once it is sent there is nothing left to stop.
export async function upload(picture, crop, tell, stop) {
  const ticket = await send(picture, crop, tell, stop)
  tell.sent()
  return settled(ticket.upload_id, tell)
}

export async function remove() {
  await ask('DELETE')
}

async function send(picture, crop, tell, stop, isSecond = false) {
  const ticket = await ask('POST', { content_type: picture.type, bytes: picture.size, crop }, stop)
  try {
    await post(ticket, picture, tell, stop)
  } catch (error) {
    // Too slow a choice, or a slow clock: another ticket is all it takes.
    if (error.isExpired && !isSecond) return send(picture, crop, tell, stop, true)
    throw error
  }
  return ticket
}

async function ask(method, body, stop) {
  const headers = { 'x-csrf-token': document.body.dataset.formToken }
  if (body) headers['content-type'] = 'application/json'
  let answer
  try {
    answer = await fetch(PATH, { method, headers, body: body && JSON.stringify(body), signal: stop, cache: 'no-store' })
  } catch (error) {
    if (stop?.aborted) throw error
    throw new Failed('No connection. The picture is still here: try again.', true)
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json()
  const problem = await answer.json().catch(() => ({}))
  if (answer.status === 401) throw new Failed('You are signed out. Sign in in another tab, and try again here.', true)
  if (answer.status === 429) {
    throw new Failed(`That was too often. Try again in ${time(Number(answer.headers.get('retry-after')) || 60)}.`, true)
  }
  const words = problem.errors?.map((error) => sentence(error.message)).join(' ') || problem.detail
  throw new Failed(words || `The server answered ${answer.status}. Try again.`, answer.status >= 500)
}

function post(ticket, picture, tell, stop) {
  return new Promise((resolve, reject) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value)
    // S3 reads nothing behind the file.
    form.append('file', picture, 'picture')
    const request = new XMLHttpRequest()
    request.open('POST', ticket.url)
    request.timeout = POST_TIMEOUT_MS
    request.upload.onprogress = (event) => event.lengthComputable && tell.progress(event.loaded / event.total)
    request.onload = () => (request.status < 300 ? resolve() : reject(refusal(request)))
    request.onerror = request.ontimeout = () => {
      reject(new Failed('The connection broke while it was sent. The picture is still here: try again.', true))
    }
    request.onabort = () => reject(stop.reason)
    stop.addEventListener('abort', () => request.abort(), { once: true })
    request.send(form)
  })
}

// What S3 says: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
function refusal(request) {
  const [, code] = request.responseText.match(/<Code>(\w+)<\/Code>/) ?? []
  if (code === 'EntityTooLarge') return new Failed('This picture is too large: at most 5 MiB can be sent.', false)
  if (code === 'EntityTooSmall') return new Failed('This file is empty.', false)
  const failed = new Failed(`It was not taken (${code ?? request.status}). The picture is still here: try again.`, true)
  failed.isExpired = request.status === 403
  return failed
}

async function settled(id, tell) {
  const since = Date.now()
  let isSlow = false
  for (let pause = FIRST_PAUSE_MS; Date.now() - since < GIVE_UP_AFTER_MS; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    await new Promise((resolve) => setTimeout(resolve, pause))
    if (!isSlow && Date.now() - since > SLOW_AFTER_MS) {
      isSlow = true
      tell.slow()
    }
    const found = await ask('GET').catch((error) => {
      if (error.again) return null
      throw error
    })
    if (!found) continue
    if (found.upload?.id !== id) throw new Failed('A later picture, or the removal of it, counts instead.', false)
    if (found.upload.state === 'ready') return found.urls
    if (found.upload.state === 'rejected') throw new Failed(sentence(found.upload.reason), false)
  }
  throw new Failed('Nothing came of it. The picture is still here: try again.', true)
}

function sentence(words) {
  const text = words || 'It was refused.'
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
}

function time(seconds) {
  if (seconds < 90) return `${seconds} s`
  return `${Math.ceil(seconds / 60)} minutes`
}

<#
.SYNOPSIS
Starts and stops a Redis for the cache: bounded memory, allkeys-lru, nothing written to disk, loopback only.

.DESCRIPTION
Where a Docker engine answers it runs in a container (docker/docker-compose.yml), else as a background process of the
local redis-server. `up` may be repeated: it keeps what runs and sets the memory limit. A Redis that something else has
started is never touched.

Environment: REDIS_PORT (6379), REDIS_MAX_MEMORY (512mb, what -Memory overrides), XDG_STATE_HOME.
Exit code: 0 done, 1 failed (up: another Redis has the port), 2 wrong usage, 3 status: nothing answers.

.EXAMPLE
pwsh ./scripts/setup.ps1 up -Memory 512mb
#>
param(
    [Parameter(Position = 0)] [string] $Verb = '',
    [string] $Memory = ''
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Root = Split-Path -Parent $PSScriptRoot
$Compose = Join-Path (Join-Path $Root 'docker') 'docker-compose.yml'
$Port = if ($env:REDIS_PORT) { $env:REDIS_PORT } else { '6379' }
if (-not $Memory) { $Memory = if ($env:REDIS_MAX_MEMORY) { $env:REDIS_MAX_MEMORY } else { '512mb' } }
$StateHome = if ($env:XDG_STATE_HOME) { $env:XDG_STATE_HOME } else { Join-Path (Join-Path $HOME '.local') 'state' }
# Configuration and log of the local server.
$Folder = Join-Path (Join-Path $StateHome 'caching_with_redis') "redis-$Port"
$Config = Join-Path $Folder 'redis.conf'
$LogFile = Join-Path $Folder 'redis.log'

function Write-Problem([string] $Message) { [Console]::Error.WriteLine("setup.ps1: $Message") }

function Stop-WithUsage([string] $Message) {
    Write-Problem $Message
    exit 2
}

function Stop-WithFailure([string] $Message) {
    Write-Problem $Message
    exit 1
}

# Whether anything answers PING on the port. Needs no redis-cli.
function Test-Answer {
    $client = New-Object System.Net.Sockets.TcpClient
    try {
        if (-not $client.ConnectAsync('127.0.0.1', [int] $Port).Wait(1000)) { return $false }
        $stream = $client.GetStream()
        $stream.ReadTimeout = 2000
        $ping = [Text.Encoding]::ASCII.GetBytes("PING`r`n")
        $stream.Write($ping, 0, $ping.Length)
        $buffer = New-Object byte[] 64
        $count = $stream.Read($buffer, 0, $buffer.Length)
        $reply = [Text.Encoding]::ASCII.GetString($buffer, 0, $count)
        # A server that asks for a password answers as well.
        return ($reply.StartsWith('+PONG') -or $reply.StartsWith('-NOAUTH'))
    } catch {
        return $false
    } finally {
        $client.Dispose()
    }
}

function Wait-Answer {
    for ($try = 0; $try -lt 100; $try++) {
        if (Test-Answer) { return $true }
        Start-Sleep -Milliseconds 100
    }
    return $false
}

function Test-Command([string] $Name) { return $null -ne (Get-Command $Name -CommandType Application -ErrorAction SilentlyContinue) }

# Runs a program quietly; whether it succeeded. What it writes to its error stream is no error of ours.
function Test-Run([scriptblock] $Block) {
    $ErrorActionPreference = 'Continue'
    try {
        & $Block *> $null
        return ($LASTEXITCODE -eq 0)
    } catch {
        return $false
    }
}

# --- in a container ---------------------------------------------------------------------------------------------------

function Invoke-Compose {
    $ErrorActionPreference = 'Continue'
    $env:REDIS_PORT = $Port
    $env:REDIS_MAX_MEMORY = $Memory
    & docker compose -f $Compose @args
}

function Test-Docker {
    return (Test-Command 'docker') -and (Test-Run { docker compose version }) -and (Test-Run { docker info })
}

function Test-Container {
    if (-not (Test-Docker)) { return $false }
    return [bool] (Invoke-Compose ps --quiet --status running redis 2> $null)
}

function Start-Container {
    Invoke-Compose up --detach redis
    if ($LASTEXITCODE -ne 0) { Stop-WithFailure 'docker compose could not start Redis' }
    if (-not (Wait-Answer)) { Stop-WithFailure "the container runs but nothing answers on 127.0.0.1:$Port" }
    Write-Output "Redis runs in Docker on 127.0.0.1:$Port, at most $Memory, allkeys-lru."
}

# --- as a local process -----------------------------------------------------------------------------------------------

function Invoke-Cli { & redis-cli -h 127.0.0.1 -p $Port @args }

# The process number, when the server on the port runs with our configuration; else nothing.
function Get-OwnProcess {
    if (-not (Test-Command 'redis-cli') -or -not (Test-Answer)) { return $null }
    $about = @(Invoke-Cli info server | ForEach-Object { "$_".Trim() })
    if ($about -notcontains "config_file:$Config") { return $null }
    return $about | Where-Object { $_ -match '^process_id:' } | ForEach-Object { $_.Substring(11) }
}

function Start-LocalServer {
    if (-not (Test-Command 'redis-server')) {
        Stop-WithFailure 'neither a Docker engine nor redis-server is here; install one of them'
    }
    New-Item -ItemType Directory -Force -Path $Folder | Out-Null
    $quote = { param($path) '"' + $path.Replace('\', '/') + '"' }
    # Not Set-Content: its UTF-8 begins with a mark that Redis takes for a directive.
    [IO.File]::WriteAllLines($Config, [string[]] @(
        'bind 127.0.0.1', "port $Port", 'daemonize no', "maxmemory $Memory", 'maxmemory-policy allkeys-lru',
        'save ""', 'appendonly no', 'timeout 300', 'tcp-keepalive 60',
        "dir $(& $quote $Folder)", "logfile $(& $quote $LogFile)"
    ))
    $options = @{ FilePath = 'redis-server'; ArgumentList = "`"$Config`""; PassThru = $true }
    if ([Environment]::OSVersion.Platform -eq 'Win32NT') { $options.WindowStyle = 'Hidden' }
    $process = Start-Process @options
    if (-not (Wait-Answer)) {
        Stop-WithFailure "redis-server started but does not answer on 127.0.0.1:$Port; its log: $LogFile"
    }
    Write-Output "Started redis-server on 127.0.0.1:$Port (process $($process.Id)), at most $Memory, allkeys-lru; log: $LogFile"
}

function Set-OwnMemory([string] $Id) {
    Invoke-Cli config set maxmemory $Memory | Out-Null
    Write-Output "Redis runs already on 127.0.0.1:$Port (process $Id), at most $Memory, allkeys-lru."
}

function Stop-OwnProcess([string] $Id) {
    Test-Run { Invoke-Cli shutdown nosave } | Out-Null
    for ($try = 0; $try -lt 100; $try++) {
        if ($null -eq (Get-Process -Id $Id -ErrorAction SilentlyContinue)) {
            Write-Output "Stopped redis-server (process $Id)."
            return
        }
        Start-Sleep -Milliseconds 100
    }
    Stop-WithFailure "redis-server (process $Id) does not stop"
}

# --- verbs ------------------------------------------------------------------------------------------------------------

function Write-ForeignNotice {
    Write-Output "A Redis that this script has not started answers on 127.0.0.1:$Port; it is left as it is."
    Write-Output 'For one of your own set REDIS_PORT to another port, and REDIS_URL to redis://127.0.0.1:PORT.'
}

function Invoke-Up {
    $own = Get-OwnProcess
    if ($own) { Set-OwnMemory $own }
    elseif (Test-Container) { Start-Container }
    elseif (Test-Answer) {
        Write-ForeignNotice
        exit 1
    }
    elseif (Test-Docker) { Start-Container }
    else { Start-LocalServer }
}

function Invoke-Down {
    $own = Get-OwnProcess
    if ($own) { Stop-OwnProcess $own }
    elseif (Test-Container) {
        Invoke-Compose down
        if ($LASTEXITCODE -ne 0) { Stop-WithFailure 'docker compose could not stop the containers' }
        Write-Output 'Stopped the containers; the volume is kept.'
    }
    elseif (Test-Answer) { Write-ForeignNotice }
    else { Write-Output 'Nothing to stop.' }
}

function Invoke-Status {
    if (-not (Test-Answer)) {
        Write-Output "Nothing answers on 127.0.0.1:$Port. Start a Redis with: scripts/setup.ps1 up"
        exit 3
    }
    $own = Get-OwnProcess
    if ($own) {
        $limit = Invoke-Cli config get maxmemory | Select-Object -Last 1
        $policy = Invoke-Cli config get maxmemory-policy | Select-Object -Last 1
        Write-Output "redis-server on 127.0.0.1:$Port, process $own, at most $limit bytes, $policy."
    }
    elseif (Test-Container) {
        Write-Output "Redis in Docker on 127.0.0.1:$Port."
        Invoke-Compose ps redis
    }
    else { Write-ForeignNotice }
}

if ($Port -notmatch '^[0-9]+$') { Stop-WithUsage 'REDIS_PORT is no port number' }
if ($Memory -notmatch '^[1-9][0-9]*[kmg]?b?$') { Stop-WithUsage 'not a size: give something like 512mb or 2gb' }

switch ($Verb) {
    'up' { Invoke-Up }
    'down' { Invoke-Down }
    'status' { Invoke-Status }
    default { Stop-WithUsage 'usage: setup.ps1 up [-Memory SIZE] | down | status   (SIZE like 512mb or 2gb)' }
}
exit 0

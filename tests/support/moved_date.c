/* A calendar that is ahead of the real one, for a process and all that it starts:

       cc -shared -fPIC -O2 -o moved_date.so moved_date.c
       LD_PRELOAD=$PWD/moved_date.so MOVED_DATE_SECONDS=34603200 date

   Only the date moves. Clocks that count from the start of the machine stay, and with them every
   wait. The times of files move along, as on a machine whose date is another: a file that was
   written just now is new. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

static time_t ahead;

__attribute__((constructor)) static void read_how_far(void)
{
    const char *text = getenv("MOVED_DATE_SECONDS");
    ahead = text ? atol(text) : 0;
}

#define REAL(name) ((__typeof__(&name))real(&real_##name, #name))
#define KEEP(name) static void *real_##name

static void *real(void **kept, const char *name)
{
    if (*kept == NULL)
        *kept = dlsym(RTLD_NEXT, name);
    return *kept;
}

/* What the time is. */

KEEP(clock_gettime);
int clock_gettime(clockid_t clock, struct timespec *found)
{
    int failed = REAL(clock_gettime)(clock, found);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        found->tv_sec += ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    found->tv_sec = now.tv_sec;
    found->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *found)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found)
        *found = now.tv_sec;
    return now.tv_sec;
}

/* Until when somebody waits, where that is said as a date. */

KEEP(sem_timedwait);
int sem_timedwait(sem_t *restrict one, const struct timespec *restrict until)
{
    struct timespec then = {until->tv_sec - ahead, until->tv_nsec};
    return REAL(sem_timedwait)(one, &then);
}

KEEP(clock_nanosleep);
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left)
{
    struct timespec then = *until;
    if (clock == CLOCK_REALTIME && (flags & TIMER_ABSTIME))
        then.tv_sec -= ahead;
    return REAL(clock_nanosleep)(clock, flags, &then, left);
}

/* When a file was written. */

#define MOVED(kind, name, types, values)                                                           \
    KEEP(name);                                                                                    \
    int name types                                                                                 \
    {                                                                                              \
        int failed = REAL(name) values;                                                            \
        if (!failed) {                                                                             \
            found->st_atime += ahead;                                                              \
            found->st_mtime += ahead;                                                              \
            found->st_ctime += ahead;                                                              \
        }                                                                                          \
        return failed;                                                                             \
    }

#define P const char *restrict path
MOVED(stat, stat, (P, struct stat *restrict found), (path, found))
MOVED(stat, lstat, (P, struct stat *restrict found), (path, found))
MOVED(stat, fstat, (int file, struct stat *found), (file, found))
MOVED(stat, fstatat, (int at, P, struct stat *restrict found, int flags), (at, path, found, flags))
MOVED(stat64, stat64, (P, struct stat64 *restrict found), (path, found))
MOVED(stat64, lstat64, (P, struct stat64 *restrict found), (path, found))
MOVED(stat64, fstat64, (int file, struct stat64 *found), (file, found))
MOVED(stat64, fstatat64, (int at, P, struct stat64 *restrict found, int flags),
      (at, path, found, flags))

KEEP(statx);
int statx(int at, P, int flags, unsigned mask, struct statx *restrict found)
{
    int failed = REAL(statx)(at, path, flags, mask, found);
    if (!failed) {
        found->stx_atime.tv_sec += ahead;
        found->stx_mtime.tv_sec += ahead;
        found->stx_ctime.tv_sec += ahead;
        found->stx_btime.tv_sec += ahead;
    }
    return failed;
}

/* When a file is said to have been written. */

static const struct timespec *moved_back(const struct timespec given[2], struct timespec back[2])
{
    if (given == NULL)
        return NULL;
    for (int one = 0; one < 2; one++) {
        back[one] = given[one];
        if (given[one].tv_nsec != UTIME_NOW && given[one].tv_nsec != UTIME_OMIT)
            back[one].tv_sec -= ahead;
    }
    return back;
}

KEEP(utimensat);
int utimensat(int at, const char *path, const struct timespec given[2], int flags)
{
    struct timespec back[2];
    return REAL(utimensat)(at, path, moved_back(given, back), flags);
}

KEEP(futimens);
int futimens(int file, const struct timespec given[2])
{
    struct timespec back[2];
    return REAL(futimens)(file, moved_back(given, back));
}

static int set_times(int at, const char *path, const struct timeval given[2], int flags)
{
    struct timespec times[2];
    if (given == NULL)
        return utimensat(at, path, NULL, flags);
    for (int one = 0; one < 2; one++)
        times[one] = (struct timespec){given[one].tv_sec, given[one].tv_usec * 1000};
    return utimensat(at, path, times, flags);
}

int utimes(const char *path, const struct timeval given[2])
{
    return set_times(AT_FDCWD, path, given, 0);
}

int lutimes(const char *path, const struct timeval given[2])
{
    return set_times(AT_FDCWD, path, given, AT_SYMLINK_NOFOLLOW);
}

int utime(const char *path, const struct utimbuf *given)
{
    struct timeval times[2];
    if (given == NULL)
        return utimes(path, NULL);
    times[0] = (struct timeval){given->actime, 0};
    times[1] = (struct timeval){given->modtime, 0};
    return utimes(path, times);
}

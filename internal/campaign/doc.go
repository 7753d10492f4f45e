// Package campaign is hostile to the whole program, from outside: it is killed at random moments, its store is damaged,
// what it speaks to is slow or repeats what it was told. All of it is in the tests, which know commands, files and
// servers, and nothing of what is inside. RTCBENCH_LONG=1 makes the counts those of a campaign.
package campaign
